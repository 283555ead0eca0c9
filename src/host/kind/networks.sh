# Names of pods' networks in configurations of the standard plugins, as an awk pattern: ours, flannel's, Calico's, Weave's, kind's, CRI-O's, containerd's,
# Kubernetes' own (the files that these projects ship).
BV_POD_NETWORKS='^(bivouac|cbr0|k8s-pod-network|weave|kindnet|crio|containerd-net|kubernetes)$'
