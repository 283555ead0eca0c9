// cri-dockerd of the lab: Debian has no package of the real one. cri-dockerd's code is what was `dockershim` in the kubelet until 1.23
// (Mirantis/cri-dockerd README.md), so this is the dockershim of Kubernetes 1.20's sources, as the kubelet itself starts it
// (pkg/kubelet/kubelet_dockershim.go), behind the flags of the real one (cmd/cri/options/options.go and config/options.go of 0.3.20). What the
// real one has no flag for is refused, and so is what this one would pass over.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cri/streaming"
	"k8s.io/kubernetes/pkg/kubelet/dockershim"
	"k8s.io/kubernetes/pkg/kubelet/dockershim/remote"
)

func die(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "cri-dockerd of the lab: "+format+"\n", args...)
	os.Exit(1)
}

// ready says to systemd what Type=notify waits for, as the real one does (backend/daemon_unix.go).
func ready() {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		die("%s: %v", path, err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("READY=1")); err != nil {
		die("%s: %v", path, err)
	}
}

func main() {
	flags := pflag.NewFlagSet("cri-dockerd", pflag.ContinueOnError)
	endpoint := flags.String("container-runtime-endpoint", "unix:///var/run/cri-dockerd.sock", "")
	cgroups := flags.String("runtime-cgroups", "", "")
	root := flags.String("cri-dockerd-root-directory", "/var/lib/cri-dockerd", "")
	pause := flags.String("pod-infra-container-image", "registry.k8s.io/pause:3.10", "")
	docker := flags.String("docker-endpoint", "unix:///var/run/docker.sock", "")
	deadline := flags.Duration("image-pull-progress-deadline", time.Minute, "")
	timeout := flags.Duration("runtime-request-timeout", 2*time.Minute, "")
	bind := flags.String("streaming-bind-addr", "", "")
	cidr := flags.String("pod-cidr", "", "")
	flags.Bool("ipv6-dual-stack", false, "")
	plugin := flags.String("network-plugin", "cni", "")
	confDir := flags.String("cni-conf-dir", "/etc/cni/net.d", "")
	binDir := flags.String("cni-bin-dir", "/opt/cni/bin", "")
	cacheDir := flags.String("cni-cache-dir", "/var/lib/cni/cache", "")
	mtu := flags.Int32("network-plugin-mtu", 0, "")
	hairpin := flags.String("hairpin-mode", "none", "")
	flags.String("log-level", "info", "")
	version := flags.Bool("version", false, "")
	if err := flags.Parse(os.Args[1:]); err != nil {
		die("%v", err)
	}
	if flags.NArg() > 0 {
		die("unknown command: %s", flags.Arg(0))
	}
	if *version {
		fmt.Println("cri-dockerd 0.3.20 (dockershim of Kubernetes 1.20.2)")
		return
	}
	if *cidr != "" {
		die("--pod-cidr is for a use without a network plugin")
	}
	streams := *bind
	if streams == "" {
		streams = ":0"
	} else if _, _, err := net.SplitHostPort(streams); err != nil {
		streams = net.JoinHostPort(streams, "0")
	}
	klogFlags := flag.NewFlagSet("klog", flag.ExitOnError)
	klog.InitFlags(klogFlags)
	streamingConfig := streaming.DefaultConfig
	streamingConfig.Addr = streams
	service, err := dockershim.NewDockerService(
		&dockershim.ClientConfig{DockerEndpoint: *docker, RuntimeRequestTimeout: *timeout, ImagePullProgressDeadline: *deadline},
		*pause, &streamingConfig,
		&dockershim.NetworkPluginSettings{
			HairpinMode: kubeletconfig.HairpinMode(*hairpin), NonMasqueradeCIDR: "10.0.0.0/8", PluginName: *plugin,
			PluginConfDir: *confDir, PluginBinDirString: *binDir, PluginCacheDir: *cacheDir, MTU: int(*mtu),
		},
		// The real one takes the cgroup driver that docker has (Mirantis/cri-dockerd core/docker_service.go).
		*cgroups, "", *root)
	if err != nil {
		die("%v", err)
	}
	if err := remote.NewDockerServer(*endpoint, service).Start(); err != nil {
		die("%v", err)
	}
	ready()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
