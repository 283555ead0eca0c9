//! One mistake at a time: its place, its words, and the nearest right word.

use super::{MINIMAL, minimal_with, parse};

/// What is replaced in minimal.yaml, by what, the place of the mistake, and words of its message.
type Case = (&'static str, &'static str, usize, usize, &'static [&'static str]);

const HOSTS: &str = "  hosts:";
const WORKER: &str = "roles: [worker]";
const SECOND: &str = "10.0.0.2";
const VERSION: &str = "version: 1.20.2";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Form: unknown, double, of another type.
    ("- address: 10.0.0.2", "- adress: 10.0.0.2", 13, 5, &["unknown field `adress`", "`address`, `roles`", "did you mean `address`?"]),
    ("kind:", "knd:", 2, 1, &["unknown field `knd`", "did you mean `kind`?"]),
    (HOSTS, "  network: {pod_subnet: 10.1.0.0/16}\n  hosts:", 10, 13, &["did you mean `podSubnet`?"]),
    (HOSTS, "  ssh: {password: hunter2}\n  hosts:", 10, 9, &["unknown field `password`", "did you mean `passwordFile`?"]),
    (HOSTS, "  addons: []\n  hosts:", 10, 3, &["unknown field `addons`"]),
    ("kind: Cluster", "kind: Cluster\nkind: Cluster", 3, 1, &["`kind` is given twice"]),
    (WORKER, "roles: [worker]\n    labels: {a: b, \"a\": c}", 15, 20, &["`a` is given twice"]),
    (WORKER, "roles: worker", 14, 12, &["`roles` is `worker`", "expected a list"]),
    (VERSION, "version: [1.20.2]", 7, 14, &["`version` is a list", "expected text"]),
    (HOSTS, "  hosts: {}\n  h:", 10, 10, &["`hosts` is fields", "expected a list"]),
    ("metadata:\n  name: demo", "metadata: demo", 3, 11, &["`metadata` is `demo`", "expected fields"]),
    (HOSTS, "  ssh: {agent: yes}\n  hosts:", 10, 16, &["`agent` is `yes`", "`true` or `false`", "did you mean `true`?"]),
    (HOSTS, "  ssh: {agent: 0}\n  hosts:", 10, 16, &["`agent` is `0`", "did you mean `false`?"]),
    (HOSTS, "  ssh: {privateKey: 5}\n  hosts:", 10, 21, &["`5` is not a private key"]),
    (HOSTS, "  ssh: {privateKey: [a, [b]]}\n  hosts:", 10, 25, &["a list in a list"]),
    (HOSTS, "  ssh: {sudo: true}\n  hosts:", 10, 15, &["`sudo` is `true`", "expected fields"]),
    (VERSION, "version: 1.20.2\n    skipPhases: [~]", 8, 18, &["found `~`", "expected text"]),
    (VERSION, "version: 1.20.2\n    kubelet: []", 8, 14, &["`kubelet` is a list"]),
    // The fixed words.
    ("bivouac/v1alpha1", "v1", 1, 13, &["`apiVersion` is `v1`", "`bivouac/v1alpha1`"]),
    ("kind: Cluster", "kind: Pod", 2, 7, &["`kind` is `Pod`", "`Cluster`"]),
    ("kind: Cluster\n", "", 1, 1, &["`kind` is missing"]),
    ("bivouac/v1alpha1", "bivouac/v1alph1", 1, 13, &["`bivouac/v1alpha1`", "did you mean `bivouac/v1alpha1`?"]),
    ("kind: Cluster", "kind: cluster", 2, 7, &["`kind` is `cluster`", "did you mean `Cluster`?"]),
    // What bivouac says itself, and what a wipe relies on.
    (VERSION, "version: 1.20.2\n    kubeadm: {networking: {podSubnet: 10.1.0.0/16}}", 8, 27, &["`networking` is set by bivouac", "`spec.network`"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {kubernetesVersion: v1.20.3}", 8, 34, &["`kubernetesVersion` is set by bivouac", "`spec.kubernetes.version`"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {controlPlaneEndpoint: \"a:6443\"}", 8, 37, &["`spec.controlPlaneEndpoint`"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {kind: InitConfiguration}", 8, 21, &["`kind` is set by bivouac"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {certificatesDir: /srv/pki}", 8, 32, &["`certificatesDir`", "a wipe removes keys"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {etcd: {local: {dataDir: /srv/etcd}}}", 8, 39, &["`etcd.local.dataDir` is set by bivouac"]),
    (VERSION, "version: 1.20.2\n    kubelet: {cgroupDriver: cgroupfs}", 8, 29, &["`cgroupDriver`", "it is `systemd`"]),
    (VERSION, "version: 1.20.2\n    kubeProxy: {mode: ipvs}", 8, 23, &["`mode` is set by bivouac", "`spec.network.proxyMode`"]),
    (HOSTS, "  runtime: {config: {root: /srv/containerd}}\n  hosts:", 10, 28, &["`root` is set by bivouac", "`/var/lib/containerd`"]),
    (HOSTS, "  runtime: {config: {plugins: {io.containerd.cri.v1.runtime: {cni: {bin_dirs: [/x]}}}}}\n  hosts:", 10, 79, &["`plugins.io.containerd.cri.v1.runtime.cni.bin_dirs` is set by bivouac", "`/opt/cni/bin`"]),
    (HOSTS, "  runtime: {config: {plugins: {io.containerd.grpc.v1.cri: {registry: {mirrors: {}}}}}}\n  hosts:", 10, 80, &["registry.mirrors` is set by bivouac", "a `hosts.toml` for each registry"]),
    (HOSTS, "  runtime: {config: {plugins: {io.containerd.grpc.v1.cri: {registry: {configs: {a.b: {tls: {}}}}}}}}\n  hosts:", 10, 92, &["registry.configs.a.b.tls` is set by bivouac", "a `hosts.toml` for each registry"]),
    (HOSTS, "  runtime: {config: {plugins: {io.containerd.cri.v1.images: {registry: {configs: {a.b: {tls: {}}}}}}}}\n  hosts:", 10, 94, &["registry.configs.a.b.tls` is set by bivouac"]),
    (HOSTS, "  runtime: {existing: true, config: {oom_score: 1}}\n  hosts:", 10, 37, &["is its owner's", "no `existing: true`"]),
    (HOSTS, "  runtime: {config: {debug: {level: ~}}}\n  hosts:", 10, 37, &["nothing is given", "or no such line"]),
    ("  artifacts:\n    bundle: v1.20.2.bundle\n", "  runtime: {name: cri-o}\n", 8, 19, &["no archive of cri-o with published sums for Kubernetes 1.20", "`containerd`"]),
    (HOSTS, "  runtime: {name: cri-o, config: {crio: {root: /x}}}\n  hosts:", 10, 48, &["`crio.root` is set by bivouac", "`/var/lib/crio`"]),
    (HOSTS, "  runtime: {name: cri-o, config: {crio: {runtime: {cgroup_manager: cgroupfs}}}}\n  hosts:", 10, 68, &["`crio.runtime.cgroup_manager` is set by bivouac", "`systemd`"]),
    (HOSTS, "  runtime: {name: cri-o, config: {crio: {api: {listen: ~}}}}\n  hosts:", 10, 56, &["cri-o's configuration has no word for that"]),
    (HOSTS, "  runtime: {name: cri-o, existing: true}\n  hosts:", 10, 19, &["`existing: true` is not supported for cri-o", "`containerd` or `docker`"]),
    // Names.
    ("name: demo", "name: Demo", 4, 9, &["not a cluster name", "did you mean `demo`?"]),
    ("name: demo", "name: my_cluster", 4, 9, &["did you mean `my-cluster`?"]),
    ("name: demo", "name: a.b", 4, 9, &["`a.b` is not a cluster name"]),
    ("name: demo", "name: $(id)", 4, 9, &["`$(id)` is not a cluster name"]),
    ("  name: demo", "  name:", 4, 3, &["`metadata.name` is missing"]),
    (SECOND, "$(touch /x)", 13, 14, &["`$(touch /x)` is not a host address"]),
    (SECOND, "10.0.0.300", 13, 14, &["`10.0.0.300` is not a host address"]),
    (SECOND, "root@10.0.0.2", 13, 14, &["not a host address", "user and port go into `ssh`"]),
    (SECOND, "10.0.0.2:2222", 13, 14, &["not a host address"]),
    (SECOND, "-oProxyCommand=id", 13, 14, &["not a host address"]),
    (SECOND, "\"a\\nb\"", 13, 14, &["`a\\u{a}b` is not a host address"]),
    (SECOND, "0.0.0.0", 13, 14, &["the address of one host"]),
    ("- address: 10.0.0.2", "- name: w1", 13, 5, &["`address` is missing"]),
    (WORKER, "roles: [worker]\n    name: W_1", 15, 11, &["not a node name", "did you mean `w-1`?"]),
    (WORKER, "roles: [worker]\n    name: a;b", 15, 11, &["`a;b` is not a node name"]),
    (HOSTS, "  ssh: {user: \"root;id\"}\n  hosts:", 10, 15, &["`root;id` is not a login name"]),
    (HOSTS, "  ssh: {user: \"\"}\n  hosts:", 10, 15, &["nothing is given where a login name belongs"]),
    // Registries.
    (HOSTS, "  registries: [{adress: r.example}]\n  hosts:", 10, 17, &["unknown field `adress`", "did you mean `address`?"]),
    (HOSTS, "  registries: [{ca: f}]\n  hosts:", 10, 16, &["`address` is missing"]),
    (HOSTS, "  registries: [{address: r.example}]\n  hosts:", 10, 16, &["of which nothing is said", "`username` and `passwordFile`, or `ca`"]),
    (HOSTS, "  registries: [{address: https://r.example, ca: f}]\n  hosts:", 10, 26, &["not a registry's address", "did you mean `r.example`?"]),
    (HOSTS, "  registries: [{address: r.example/k8s, ca: f}]\n  hosts:", 10, 26, &["not a registry's address", "without a path"]),
    (HOSTS, "  registries: [{address: k8s, ca: f}]\n  hosts:", 10, 26, &["not a registry's address"]),
    (HOSTS, "  registries: [{address: r.example, username: u}]\n  hosts:", 10, 16, &["`passwordFile` is missing"]),
    (HOSTS, "  registries: [{address: r.example, passwordFile: f}]\n  hosts:", 10, 16, &["`username` is missing"]),
    (HOSTS, "  registries: [{address: r.example, username: \"a:b\", passwordFile: f}]\n  hosts:", 10, 47, &["`a:b` is not a user of a registry"]),
    (HOSTS, "  registries: [{address: r.example, password: hunter2}]\n  hosts:", 10, 37, &["unknown field `password`", "did you mean `passwordFile`?"]),
    (HOSTS, "  registries: [{address: r.example, ca: f}, {address: r.example, ca: g}]\n  hosts:", 10, 55, &["`r.example` is there twice"]),
    (VERSION, "version: 1.20.2\n    skipPhases: [a b]", 8, 18, &["`a b` is not a kubeadm name"]),
    (VERSION, "version: 1.20.2\n    ignorePreflightErrors: [Mem, \"$(id)\"]", 8, 34, &["`$(id)`"]),
    (VERSION, "version: 1.20.2\n    imageRepository: https://a.io", 8, 22, &["image repository", "did you mean `a.io`?"]),
    (HOSTS, "  controlPlaneEndpoint: api\n  hosts:", 10, 25, &["not an endpoint", "`host:port`"]),
    (HOSTS, "  network: {dnsDomain: a..b}\n  hosts:", 10, 24, &["not a DNS domain"]),
    (WORKER, "roles: [worker]\n    labels: {-a: x}", 15, 14, &["`-a` is not a label key"]),
    (WORKER, "roles: [worker]\n    labels: {a: \"b c\"}", 15, 17, &["not a label value", "did you mean `b-c`?"]),
    (WORKER, "roles: [worker]\n    taints: [a=b:NoSchedul]", 15, 14, &["not a taint", "did you mean `a=b:NoSchedule`?"]),
    (WORKER, "roles: [worker]\n    kubelet: {clusterDomain: x}", 15, 30, &["`clusterDomain`", "`spec.network.dnsDomain`"]),
    (WORKER, "roles: [worker]\n    taints: [a]", 15, 14, &["not a taint", "`NoExecute`"]),
    (WORKER, "roles: [worker]\n    taints: [a:NoExecute, a=b:NoExecute]", 15, 27, &["given twice"]),
    ("bundle: v1.20.2.bundle", "bundle: ~ops/b", 9, 13, &["not a file name", "another user's"]),
    ("bundle: v1.20.2.bundle", "bundle: \"a\\nb\"", 9, 13, &["without control characters"]),
    ("bundle: v1.20.2.bundle", "bundle: \"\"", 9, 13, &["nothing is given where a file name"]),
    // Ports and versions.
    (HOSTS, "  ssh: {port: 70000}\n  hosts:", 10, 15, &["`70000` is not a port", "1 to 65535"]),
    (HOSTS, "  ssh: {port: 0}\n  hosts:", 10, 15, &["`0` is not a port"]),
    (HOSTS, "  ssh: {port: ssh}\n  hosts:", 10, 15, &["`ssh` is not a port"]),
    (VERSION, "version: latest", 7, 14, &["`latest` is no release", "or `stable`", "did you mean `stable`?"]),
    (VERSION, "version: stable-1.36", 7, 14, &["no release", "did you mean `1.36`?"]),
    (VERSION, "version: 1.19", 7, 14, &["1.19 is not supported", "`1.20` to `1.37`", "did you mean `1.20`?"]),
    (VERSION, "version: 1.38", 7, 14, &["1.38 is not supported", "did you mean `1.37`?"]),
    (VERSION, "version: 1.19.4", 7, 14, &["not supported", "`1.20` to `1.37`", "did you mean `v1.20.0`?"]),
    (VERSION, "version: v1.38.0", 7, 14, &["not supported", "did you mean `v1.37.0`?"]),
    (VERSION, "version: v1.20.2-rc.1", 7, 14, &["not a plain release"]),
    (VERSION, "version: one", 7, 14, &["`one` is not a version"]),
    ("    version: 1.20.2", "    kubelet: {}", 7, 5, &["`spec.kubernetes.version` is missing"]),
    // Roles.
    (WORKER, "roles: [wroker]", 14, 13, &["`wroker` is not a role", "did you mean `worker`?"]),
    (WORKER, "roles: [master]", 14, 13, &["did you mean `control-plane`?"]),
    (WORKER, "roles: [worker, worker]", 14, 21, &["`worker` is given twice"]),
    (WORKER, "roles: []", 14, 12, &["no role"]),
    (WORKER, "labels: {}", 13, 5, &["`roles` is missing"]),
    ("roles: [control-plane]", "roles: [worker]", 11, 5, &["no host has the role `control-plane`"]),
    // The load balancer.
    (HOSTS, "  loadBalancer: {}\n  hosts:", 10, 17, &["`kind` is missing", "`internal`, `kube-vip` or `external`"]),
    (HOSTS, "  loadBalancer: {kind: interal}\n  hosts:", 10, 24, &["`interal` is no load balancer", "did you mean `internal`?"]),
    (HOSTS, "  loadBalancer: {kind: kube-vip}\n  hosts:", 10, 17, &["`vip` is missing"]),
    (HOSTS, "  loadBalancer: {kind: kube-vip, vip: 10.0.0}\n  hosts:", 10, 39, &["`10.0.0` is no virtual address"]),
    (HOSTS, "  loadBalancer: {kind: kube-vip, vip: 127.0.0.1}\n  hosts:", 10, 39, &["no virtual address"]),
    (HOSTS, "  loadBalancer: {kind: kube-vip, vip: 10.0.0.2}\n  hosts:", 10, 39, &["`10.0.0.2` is a host's own"]),
    (HOSTS, "  loadBalancer: {kind: kube-vip, vip: 10.0.0.9, interface: \"a b\"}\n  hosts:", 10, 60, &["not a network interface", "`eth0`"]),
    (HOSTS, "  loadBalancer: {kind: internal, vip: 10.0.0.9}\n  hosts:", 10, 39, &["`vip` belongs to the load balancer `kube-vip` only"]),
    (HOSTS, "  loadBalancer: {kind: external}\n  hosts:", 6, 3, &["`controlPlaneEndpoint` is missing"]),
    (HOSTS, "  loadBalancer: {kind: internal}\n  controlPlaneEndpoint: a.b:6443\n  hosts:", 11, 25, &["the load balancer is `internal`"]),
    // The same host twice.
    (SECOND, "10.0.0.1", 13, 14, &["`10.0.0.1` is given twice", "line 11"]),
    (SECOND, "\"::ffff:10.0.0.1\"", 13, 14, &["given twice", "line 11"]),
    (WORKER, "roles: [worker]\n    name: 10.0.0.1", 15, 11, &["the name `10.0.0.1` is taken", "line 11"]),
    ("10.0.0.1\n    roles: [control-plane]\n  - address: 10.0.0.2", "cp1\n    roles: [control-plane]\n  - address: CP1.", 13, 14, &["given twice"]),
    ("- address: 10.0.0.2", "- address: 10.0.0.1\n    ssh: {port: 2201}", 13, 14, &["the name `10.0.0.1` is taken", "a `name` of its own"]),
    // Networks.
    (HOSTS, "  network: {podSubnet: 10.244.0.0/33}\n  hosts:", 10, 24, &["bad prefix length", "/0 to /32"]),
    (HOSTS, "  network: {podSubnet: 10.244.0.0/016}\n  hosts:", 10, 24, &["bad prefix length"]),
    (HOSTS, "  network: {podSubnet: 10.244.0.0}\n  hosts:", 10, 24, &["no prefix length", "did you mean `10.244.0.0/16`?"]),
    (HOSTS, "  network: {podSubnet: 10.244/16}\n  hosts:", 10, 24, &["not a network"]),
    (HOSTS, "  network: {podSubnet: 010.0.0.0/16}\n  hosts:", 10, 24, &["not a network"]),
    (HOSTS, "  network: {podSubnet: 10.244.3.0/16}\n  hosts:", 10, 24, &["host bits", "did you mean `10.244.0.0/16`?"]),
    (HOSTS, "  network: {podSubnet: \"fd00::/48\"}\n  hosts:", 10, 24, &["IPv6 alone", "not supported yet", "alone or with one of IPv6"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,10.2.0.0/16\"}\n  hosts:", 10, 24, &["two networks of one family", "one of IPv4 and one of IPv6"]),
    (HOSTS, "  network: {podSubnet: \"fd01::/56,fd02::/56\"}\n  hosts:", 10, 24, &["two networks of one family"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/56,fd02::/56\"}\n  hosts:", 10, 24, &["more than two networks"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,\"}\n  hosts:", 10, 24, &["`` is not a network"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/129\"}\n  hosts:", 10, 24, &["bad prefix length", "/0 to /128"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::\"}\n  hosts:", 10, 24, &["no prefix length", "did you mean `fd01::/64`?"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::1/56\"}\n  hosts:", 10, 24, &["host bits", "did you mean `fd01::/56`?"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fe80::/56\"}\n  hosts:", 10, 24, &["link-local", "`fd00:10:244::/56`"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/40\"}\n  hosts:", 10, 24, &["`fd01::/40` is too large", "at most a /48"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/64\"}\n  hosts:", 10, 24, &["`fd01::/64` is too small", "room for 1 of the 2 hosts", "did you mean `fd01::/63`?"]),
    (HOSTS, "  network: {serviceSubnet: \"10.96.0.0/16,fd02::/64\"}\n  hosts:", 10, 28, &["`fd02::/64` is too large", "/108 to /124"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/56\", serviceSubnet: 10.2.0.0/16}\n  hosts:", 10, 64, &["not of the same families"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/56\", serviceSubnet: \"fd02::/112,10.2.0.0/16\"}\n  hosts:", 10, 64, &["not of the same families", "in the same order"]),
    (HOSTS, "  network: {podSubnet: \"10.1.0.0/16,fd01::/56\", serviceSubnet: \"10.2.0.0/16,fd01::/112\"}\n  hosts:", 10, 64, &["overlap", "`fd01::/56`", "`fd01::/112`"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {controllerManager: {extraArgs: {node-cidr-mask-size: '25'}}}\n  network: {podSubnet: \"10.1.0.0/16,fd01::/56\"}", 8, 68, &["`node-cidr-mask-size` does not say of which family", "`node-cidr-mask-size-ipv6`"]),
    // kube-proxy.
    (HOSTS, "  network: {proxyMode: iptable}\n  hosts:", 10, 24, &["`iptable` is no mode of kube-proxy", "`iptables`, `ipvs` or `nftables`", "did you mean `iptables`?"]),
    (HOSTS, "  network: {proxyMode: nftables}\n  hosts:", 10, 24, &["kube-proxy v1.20.2 has no mode `nftables`", "came with v1.29"]),
    // Security.
    (HOSTS, "  preflight: {skip: [{name: Swap}]}\n  hosts:", 10, 22, &["`reason` is missing", "why it is skipped"]),
    (HOSTS, "  preflight: {skip: [{name: Swap, reason: \" \"}]}\n  hosts:", 10, 43, &["`reason` is empty", "why it is skipped"]),
    (HOSTS, "  preflight: {skip: [{reason: old}]}\n  hosts:", 10, 22, &["`name` is missing", "`bivouac preflight --list`"]),
    (HOSTS, "  preflight: {skip: [Swap]}\n  hosts:", 10, 22, &["found `Swap`", "expected fields"]),
    (HOSTS, "  preflight: {skips: []}\n  hosts:", 10, 15, &["unknown field `skips`", "did you mean `skip`?"]),
    (HOSTS, "  preflight: {skip: [{name: A, reason: b}, {name: A, reason: c}]}\n  hosts:", 10, 44, &["`A` is skipped twice"]),
    (HOSTS, "  security: {audits: true}\n  hosts:", 10, 14, &["unknown field `audits`", "did you mean `audit`?"]),
    (HOSTS, "  security: {audit: yes}\n  hosts:", 10, 21, &["`audit` is `yes`", "did you mean `true`?"]),
    (HOSTS, "  security: true\n  hosts:", 10, 13, &["`security` is `true`", "expected fields"]),
    (VERSION, "version: 1.20.2\n    kubeadm: {apiServer: {extraArgs: {audit-log-path: /x}}}\n  security: {audit: true}", 8, 55, &["`audit-log-path` is set by `spec.security.audit`"]),
    (VERSION, "version: 1.31.2\n    kubeadm: {apiServer: {extraArgs: [{name: encryption-provider-config, value: /x}]}}\n  security: {encryption: true}", 8, 39, &["`encryption-provider-config` is set by `spec.security.encryption`"]),
    (VERSION, "version: 1.20.2\n    kubelet: {serverTLSBootstrap: false}\n  security: {servingCertificates: true}", 8, 35, &["`serverTLSBootstrap` is set by `spec.security.servingCertificates`"]),
    (HOSTS, "  network: {serviceSubnet: 10.244.128.0/20}\n  hosts:", 10, 28, &["overlap", "`10.244.0.0/16` (the default)", "`10.244.128.0/20`"]),
    (HOSTS, "  network: {serviceSubnet: 10.1.0.0/16, podSubnet: 10.1.0.0/16}\n  hosts:", 10, 52, &["overlap"]),
    (HOSTS, "  network: {podSubnet: 127.0.0.0/16}\n  hosts:", 10, 24, &["loopback"]),
    (HOSTS, "  network: {podSubnet: 0.0.0.0/0}\n  hosts:", 10, 24, &["overlaps"]),
    (HOSTS, "  network: {podSubnet: 10.244.0.0/24}\n  hosts:", 10, 24, &["too small", "did you mean `10.244.0.0/23`?"]),
    (HOSTS, "  network: {podSubnet: 10.244.0.0/26}\n  hosts:", 10, 24, &["room for 0 of the 2 hosts"]),
    (HOSTS, "  network: {serviceSubnet: 10.96.0.0/29}\n  hosts:", 10, 28, &["too small", "/12 to /28"]),
    (HOSTS, "  network: {serviceSubnet: 172.0.0.0/8}\n  hosts:", 10, 28, &["too large"]),
    (HOSTS, "  network: {podSubnet: 10.0.0.0/16}\n  hosts:", 12, 14, &["`10.0.0.1` lies in `podSubnet`"]),
    (SECOND, "10.96.3.4", 13, 14, &["`10.96.3.4` lies in `serviceSubnet` `10.96.0.0/16`"]),
    // What is not built yet.
    (HOSTS, "  network: {plugin: calico}\n  hosts:", 10, 21, &["`spec.network.plugin` `calico` is not supported yet", "`bridge`"]),
    (HOSTS, "  runtime: {name: dockr}\n  hosts:", 10, 19, &["`spec.runtime.name` `dockr` is not supported yet", "did you mean `docker`?"]),
    (HOSTS, "  runtime: {name: docker, config: {data-root: /srv/docker}}\n  hosts:", 10, 47, &["`data-root` is set by bivouac", "`/var/lib/docker`"]),
    (HOSTS, "  runtime: {name: docker, config: {iptables: true}}\n  hosts:", 10, 46, &["`iptables` is set by bivouac", "the cluster's network"]),
    (HOSTS, "  runtime: {name: docker, config: {log-driver: journald}}\n  hosts:", 10, 48, &["`log-driver` is set by bivouac", "`json-file`"]),
    (HOSTS, "  ssh: {jump: [{address: b}]}\n  hosts:", 10, 15, &["`spec.ssh.jump` is not supported yet"]),
    (WORKER, "roles: [worker]\n    ssh: {certificate: ~/c}", 15, 24, &["`spec.hosts[].ssh.certificate` is not supported yet"]),
    ("bundle: v1.20.2.bundle", "bundle: b\n    serve: 10.0.0.3", 10, 12, &["`10.0.0.3` is no host of this file", "`HOST:PORT`", "did you mean `10.0.0."]),
    ("bundle: v1.20.2.bundle", "bundle: b\n    serve: 10.0.0.2:80", 10, 12, &["`80` is no port to serve on", "from 1024 to 65535"]),
    ("bundle: v1.20.2.bundle", "signers: s", 9, 14, &["`signers` is given, but there is no bundle", "`bundle: FILE` beside it"]),
    ("bundle: v1.20.2.bundle", "serve: 10.0.0.2", 9, 12, &["there is no bundle", "`bundle: FILE` beside it"]),
    ("bundle: v1.20.2.bundle", "mirror: chine", 9, 13, &["`chine` is no mirror", "did you mean `china`?"]),
    ("bundle: v1.20.2.bundle", "mirror: [a]", 9, 13, &["is no mirror", "`{kubernetes: URL, github: URL}`"]),
    ("bundle: v1.20.2.bundle", "mirror: {kubernetes: ftp://a/b}", 9, 26, &["`ftp://a/b` is not a base address"]),
    ("bundle: v1.20.2.bundle", "mirror: {github: \"https://u:p@a/b\"}", 9, 22, &["without user and password"]),
    ("bundle: v1.20.2.bundle", "mirror: {github: \"https://a/b?c=d\"}", 9, 22, &["not a base address"]),
    ("bundle: v1.20.2.bundle", "mirror: {github: 5}", 9, 22, &["`5` is no base address"]),
    ("bundle: v1.20.2.bundle", "mirror: {githb: \"https://a\"}", 9, 21, &["`githb` is not mirrored", "did you mean `github`?"]),
    ("bundle: v1.20.2.bundle", "mirror: {images: \"https://a\"}", 9, 22, &["not an image repository"]),
    ("bundle: v1.20.2.bundle", "download: host", 9, 15, &["`host` cannot download", "did you mean `hosts`?"]),
    ("bundle: v1.20.2.bundle", "bundle: b\n    mirror: china", 10, 13, &["`mirror` is given, but files come from the bundle", "either no `bundle`, or no `mirror`"]),
    (HOSTS, "  proxy: {http: \"http://u:p@a:1\"}\n  hosts:", 10, 17, &["without user and password", "`passwordFile`"]),
    (HOSTS, "  proxy: {https: \"socks5://a:1\"}\n  hosts:", 10, 18, &["not a proxy", "`http://proxy.example:3128`"]),
    (HOSTS, "  proxy: {noProxy: [a]}\n  hosts:", 10, 10, &["`https` is missing"]),
    (HOSTS, "  proxy: {http: \"http://a:1\", noProxy: [a b]}\n  hosts:", 10, 41, &["`a b` is not something without a proxy"]),
    (HOSTS, "  proxy: {http: \"http://a:1\", username: u}\n  hosts:", 10, 10, &["`passwordFile` is missing"]),
    (HOSTS, "  proxy: {http: \"http://a:1\", password: p}\n  hosts:", 10, 31, &["unknown field `password`"]),
    (HOSTS, "  ssh: {user: ops}\n  hosts:", 10, 15, &["user `ops` is not root", "add `sudo: {}`"]),
    // Free-form parts.
    (VERSION, "version: 1.20.2\n    kubelet: {a: no}", 8, 18, &["`no` means different things", "`false`"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: {b: [ON]}}", 8, 23, &["`ON` means different things"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: 0644}", 8, 18, &["`0644` means different things"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: 1.30}", 8, 18, &["read as the number 1.3"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: .nan}", 8, 18, &["not finite"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: 1e999}", 8, 18, &["not finite"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: 99999999999999999999}", 8, 18, &["64 bits"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: \"x\\0\"}", 8, 18, &["control characters"]),
    (VERSION, "version: 1.20.2\n    kubelet: {a: {b: 1, b: 2}}", 8, 25, &["`b` is given twice"]),
    // No YAML.
    ("metadata:", "metadata", 3, 1, &["not YAML", "a field has a `:`"]),
    ("  name: demo", "\tname: demo", 4, 2, &["not YAML", "not with tabs"]),
    ("    roles: [worker]", "   roles: [worker]", 14, 4, &["not YAML", "another column"]),
    (SECOND, "\"10.0.0.2", 13, 14, &["not YAML", "never closed"]),
    (SECOND, "*x", 13, 14, &["the alias `*x` has no anchor"]),
    (SECOND, "@x", 13, 14, &["not YAML", "quote a value"]),
    (SECOND, "a: b", 13, 15, &["not YAML", "indentation"]),
    ("kind: Cluster", "kind: !foo Cluster", 2, 12, &["the tag `!foo`"]),
    ("kind: Cluster", "kind: Cluster\n---\na: 1", 4, 1, &["second document"]),
    ("name: demo", "name:\u{a0}demo", 4, 8, &["no-break space (U+00A0)"]),
    ("name: demo", "name: de\u{200b}mo", 4, 11, &["invisible character (U+200B)"]),
    ("name: demo", "name: \0", 4, 9, &["NUL"]),
];

#[test]
fn every_mistake_has_its_place_and_words() {
    assert!(CASES.len() >= 60);
    let mut bad = Vec::new();
    for (from, to, line, column, words) in CASES {
        let text = minimal_with(from, to);
        let Err(mistakes) = parse(&text) else {
            bad.push(format!("{to:?} was accepted"));
            continue;
        };
        let first = mistakes.iter().next().unwrap();
        let shown = first.to_string();
        let place = (first.line, first.column) == (*line, *column)
            && shown.starts_with(&format!("cluster.yaml:{line}:{column}: "));
        if !place || !words.iter().all(|word| shown.contains(word)) {
            bad.push(format!("{to:?}: wanted {line}:{column} {words:?}, got\n{shown}"));
        }
        let shown = mistakes.to_string();
        if shown.contains("hunter2") || shown.contains("serde") || shown.contains("Options") {
            bad.push(format!("{to:?}: {shown}"));
        }
    }
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), CASES.len(), bad.join("\n\n"));
}

#[test]
fn all_mistakes_of_meaning_come_at_once_in_file_order() {
    let text = MINIMAL
        .replace("demo", "Demo")
        .replace("1.20.2\n", "1.19.0\n")
        .replace("[worker]", "[wroker]")
        .replace(
            "  hosts:",
            "  network: {podSubnet: 10.0.0.1/8}\n  ssh: {port: 0, user: ops}\n  hosts:",
        );
    let mistakes = parse(&text).unwrap_err();
    let places: Vec<_> = mistakes.iter().map(|it| (it.line, it.column)).collect();
    assert_eq!(places, [(4, 9), (7, 14), (10, 24), (11, 15), (11, 24), (16, 13)]);
}

#[test]
fn an_existing_runtime_is_not_told_of_logins_and_proxies() {
    let refusal = |runtime: &str, download: &str, more: &str| {
        let hosts = format!("  runtime: {{{runtime}}}\n  {more}\n  hosts:");
        let bundle = format!("    bundle: b\n    download: {download}\n");
        let text =
            MINIMAL.replace("  hosts:", &hosts).replace("    bundle: v1.20.2.bundle\n", &bundle);
        parse(&text).err().map(|mistakes| mistakes.to_string())
    };
    let login = "registries: [{address: 'r.example', username: u, passwordFile: p}]";
    let proxy = "proxy: {https: 'http://p.example:3128'}";
    for (more, word) in [(login, "login of a registry"), (proxy, "the proxy")] {
        let said = refusal("existing: true", "hosts", more).expect("a refusal");
        assert!(said.contains(word) && said.contains("download: operator"), "{said}");
        assert_eq!(refusal("existing: true", "operator", more), None);
        assert_eq!(refusal("existing: false", "hosts", more), None);
    }
    let authority = "registries: [{address: 'r.example', ca: c}]";
    assert_eq!(refusal("existing: true", "hosts", authority), None);
}

#[test]
fn an_empty_file_is_named() {
    for text in ["", "\n\n", "# only\n  # comments\n", "---\n", "---\n# x\n...\n", "\u{feff}"] {
        let shown = parse(text).unwrap_err().to_string();
        assert!(shown.starts_with("cluster.yaml:1:1: the file is empty"), "{text:?}: {shown}");
    }
    for text in ["null", "hello", "[]", "- a", "5", "{}"] {
        parse(text).unwrap_err();
    }
}
