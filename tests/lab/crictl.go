// crictl of the lab: a client of the Container Runtime Interface, as much of the real one as kubeadm 1.25 and older and
// bivouac call. Debian has no package of the real one; cri-api and grpc are vendored in its Kubernetes sources.
package main

import (
	"context"
	"fmt"
	"io/ioutil"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

const usage = `crictl of the lab: [-r ENDPOINT] info | images [-q] | inspecti IMAGE | pull IMAGE | rmi IMAGE | pods [-q] | ps [-a] [-q] | stopp POD... | rmp POD...`

func die(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// endpoint is what /etc/crictl.yaml names.
func endpoint() string {
	text, _ := ioutil.ReadFile("/etc/crictl.yaml")
	for _, line := range strings.Split(string(text), "\n") {
		if rest := strings.TrimPrefix(line, "runtime-endpoint:"); rest != line {
			return strings.TrimSpace(rest)
		}
	}
	return "unix:///run/containerd/containerd.sock"
}

func main() {
	args, at, quiet := os.Args[1:], "", false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-r", "--runtime-endpoint", "-i", "--image-endpoint":
			if len(args) < 2 {
				die(usage)
			}
			at, args = args[1], args[2:]
		default:
			die("crictl of the lab: unknown option %s\n%s", args[0], usage)
		}
	}
	if len(args) == 0 {
		die(usage)
	}
	command, rest := args[0], []string{}
	for _, arg := range args[1:] {
		switch {
		case arg == "-q" || arg == "--quiet":
			quiet = true
		case arg == "-a" || arg == "--all":
		case strings.HasPrefix(arg, "-"):
			die("crictl of the lab: unknown option %s\n%s", arg, usage)
		default:
			rest = append(rest, arg)
		}
	}
	if at == "" {
		at = endpoint()
	}
	if !strings.HasPrefix(at, "unix://") {
		at = "unix://" + at
	}
	// As the real one, it waits two seconds for the socket; a pull may last.
	dialling, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	connection, err := grpc.DialContext(dialling, at, grpc.WithInsecure(), grpc.WithBlock())
	if err != nil {
		die("connect endpoint %q, make sure you are running as root and the endpoint has been started: %v", at, err)
	}
	images, runtime := cri.NewImageServiceClient(connection), cri.NewRuntimeServiceClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	one := func() string {
		if len(rest) != 1 {
			die(usage)
		}
		return rest[0]
	}
	check := func(what string, err error) {
		if err != nil {
			die("%s: %v", what, err)
		}
	}
	switch command {
	case "info":
		answer, err := runtime.Status(ctx, &cri.StatusRequest{})
		check("getting status of runtime", err)
		fmt.Printf("{\"status\": {\"conditions\": [")
		for i, condition := range answer.Status.Conditions {
			if i > 0 {
				fmt.Print(", ")
			}
			fmt.Printf("{\"type\": %q, \"status\": %v}", condition.Type, condition.Status)
		}
		fmt.Println("]}}")
	case "pull":
		long, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		answer, err := images.PullImage(long, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: one()}})
		check("pulling image", err)
		fmt.Printf("Image is up to date for %s\n", answer.ImageRef)
	case "inspecti":
		answer, err := images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: one()}})
		check("image status", err)
		if answer.Image == nil {
			die("no such image %q present", rest[0])
		}
		fmt.Printf("{\"status\": {\"id\": %q}}\n", answer.Image.Id)
	case "rmi":
		_, err := images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: one()}})
		check("removing image", err)
	case "images":
		answer, err := images.ListImages(ctx, &cri.ListImagesRequest{})
		check("listing images", err)
		// The real one's table.
		if !quiet {
			fmt.Println("IMAGE TAG IMAGE-ID SIZE")
		}
		for _, image := range answer.Images {
			if quiet {
				fmt.Println(image.Id)
				continue
			}
			if len(image.RepoTags) == 0 {
				fmt.Println("<none>", "<none>", image.Id, image.Size_)
			}
			for _, name := range image.RepoTags {
				at := strings.LastIndex(name, ":")
				fmt.Println(name[:at], name[at+1:], image.Id, image.Size_)
			}
		}
	case "pods":
		answer, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
		check("listing pod sandboxes", err)
		for _, pod := range answer.Items {
			if quiet {
				fmt.Println(pod.Id)
			} else {
				fmt.Println(pod.Id, pod.State, pod.Metadata.Namespace+"/"+pod.Metadata.Name)
			}
		}
	case "ps":
		answer, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{})
		check("listing containers", err)
		for _, container := range answer.Containers {
			if quiet {
				fmt.Println(container.Id)
			} else {
				fmt.Println(container.Id, container.State, container.Metadata.Name, container.PodSandboxId)
			}
		}
	case "stopp":
		for _, pod := range rest {
			_, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: pod})
			check("stopping the pod sandbox "+pod, err)
		}
	case "rmp":
		for _, pod := range rest {
			_, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod})
			check("removing the pod sandbox "+pod, err)
		}
	default:
		die("crictl of the lab: unknown command %s\n%s", command, usage)
	}
}
