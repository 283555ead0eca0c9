//! Where a cluster writes its networks, in the forms in which it does (`host/inventory/ranges.sh`).

use std::io::Write;
use std::process::{Command, Stdio};

const RANGES: &str = include_str!("../../../src/host/inventory/ranges.sh");

/// The networks that are read from a text, each as `OF NETWORK`.
fn read(text: &str) -> Vec<String> {
    let functions = &RANGES[..RANGES.find("\npods=").unwrap()];
    let script = format!("say() {{ printf '%s %s\\n' \"$4\" \"$2\"; }}\n{functions}\nranges_in x");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn networks_are_read_wherever_a_cluster_writes_them() {
    for (text, networks) in [
        (
            "    - --cluster-cidr=10.244.0.0/16,fd00:244::/48\n    - --service-cluster-ip-range=10.96.0.0/12\n",
            &["pods 10.244.0.0/16", "pods fd00:244::/48", "services 10.96.0.0/12"][..],
        ),
        // As the kernel has a program's arguments.
        ("kubelet\0--pod-cidr\x0010.7.0.0/24\0--token\0abc/12\0", &["pods 10.7.0.0/24"]),
        // k3s' own unit, and its file.
        (
            "ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--cluster-cidr' \\\n\t'10.52.0.0/16' \\\n\t'--service-cidr=10.53.0.0/16'\n",
            &["pods 10.52.0.0/16", "services 10.53.0.0/16"],
        ),
        (
            "cluster-cidr:\n  - 10.52.0.0/16\n  - \"fd00::/56\"\nservice-cidr: [10.53.0.0/16]\n",
            &["pods 10.52.0.0/16", "pods fd00::/56", "services 10.53.0.0/16"],
        ),
        (
            "networking:\n  dnsDomain: cluster.local\n  podSubnet: 10.244.0.0/16\n  serviceSubnet: 10.96.0.0/12\n",
            &["pods 10.244.0.0/16", "services 10.96.0.0/12"],
        ),
        (
            "bindAddress: 0.0.0.0\nclusterCIDR: \"10.244.0.0/16\"\nnodePortAddresses: [10.0.0.0/8]\n",
            &["pods 10.244.0.0/16"],
        ),
        (
            "FLANNEL_NETWORK=10.245.0.0/16\nFLANNEL_SUBNET=10.245.3.1/24\nFLANNEL_IPV6_NETWORK=fd00:245::/48\nFLANNEL_MTU=1450\n",
            &["pods 10.245.0.0/16", "pods 10.245.3.1/24", "pods fd00:245::/48"],
        ),
        (
            "{\n  \"Network\": \"10.245.0.0/16\",\n  \"Backend\": {\"Type\": \"host-gw\"}\n}\n",
            &["pods 10.245.0.0/16"],
        ),
        ("- name: CALICO_IPV4POOL_CIDR\n  value: \"10.9.0.0/16\"\n", &["pods 10.9.0.0/16"]),
        // Many, of which the last by their names are as real as the first.
        (
            "podSubnet: 1.0.0.0/16,1.1.0.0/16,1.2.0.0/16,1.3.0.0/16,1.4.0.0/16,1.5.0.0/16,1.6.0.0/16,1.7.0.0/16,1.8.0.0/16,1.9.0.0/16,2.0.0.0/16,2.1.0.0/16,2.2.0.0/16,2.3.0.0/16,2.4.0.0/16,2.5.0.0/16,2.6.0.0/16,2.7.0.0/16,2.8.0.0/16,2.9.0.0/16,9.9.0.0/16\n",
            &[
                "pods 1.0.0.0/16",
                "pods 1.1.0.0/16",
                "pods 1.2.0.0/16",
                "pods 1.3.0.0/16",
                "pods 1.4.0.0/16",
                "pods 1.5.0.0/16",
                "pods 1.6.0.0/16",
                "pods 1.7.0.0/16",
                "pods 1.8.0.0/16",
                "pods 1.9.0.0/16",
                "pods 2.0.0.0/16",
                "pods 2.1.0.0/16",
                "pods 2.2.0.0/16",
                "pods 2.3.0.0/16",
                "pods 2.4.0.0/16",
                "pods 2.5.0.0/16",
                "pods 2.6.0.0/16",
                "pods 2.7.0.0/16",
                "pods 2.8.0.0/16",
                "pods 2.9.0.0/16",
                "pods 9.9.0.0/16",
            ],
        ),
        // What is switched off, what is for something else, and what is none.
        ("#    - --cluster-cidr=10.1.0.0/16\n  # podSubnet: 10.2.0.0/16\n", &[]),
        (
            "--cluster-cidr= --v=2 --bind-address=10.0.0.0/8\nallowed: 10.3.0.0/16\npodSubnet: $(id)/24\n",
            &[],
        ),
    ] {
        assert_eq!(read(text), networks, "{text}");
    }
}
