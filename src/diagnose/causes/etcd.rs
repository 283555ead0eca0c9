//! etcd.

use super::super::{Cause, Layer, Source};
use super::{likely, symptom};

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "EtcdFlag",
        layer: Layer::Etcd,
        is: "etcd is given a flag, or a value of one, that it does not take",
        fix: "mend /etc/kubernetes/manifests/etcd.yaml; the kubelet starts it anew by itself",
        command: None,
        page: "`kubeadm init phase etcd local` writes the manifest anew.",
        signatures: &[
            likely(
                Source::Etcd,
                r"flag provided but not defined: (\S+)",
                "etcd does not know the flag `{1}` that it is given",
                "flag provided but not defined: -no-such-flag",
            ),
            likely(
                Source::Etcd,
                r#"invalid value "([^"]*)" for flag (\S+?):"#,
                "etcd does not take `{1}` for its flag `{2}`",
                "invalid value \"x\" for flag -quota-backend-bytes: parse error",
            ),
            likely(
                Source::Etcd,
                r"error verifying flags, (.*?)\. See",
                "etcd does not take its flags: {1}",
                "error verifying flags, expected IP in URL for binding (https://nosuch:2380). See 'etcd --help'.",
            ),
            likely(
                Source::Etcd,
                r"error verifying flags, '?(\S+?)'? is not a valid flag",
                "etcd does not know the flag `{1}` that it is given",
                "error verifying flags, '--no-such' is not a valid flag. See 'etcd --help'.",
            ),
        ],
    },
    Cause {
        name: "EtcdData",
        layer: Layer::Etcd,
        is: "etcd's data are damaged",
        fix: "with other control planes: take this one out (`bivouac remove HOST`) and let it join again; alone: restore a snapshot into /var/lib/etcd (`etcdutl snapshot restore`, older: `etcdctl snapshot restore`)",
        command: None,
        page: "A disk that lied at a power cut, a copy of a running etcd, a file that was changed. Keep a copy of /var/lib/etcd before anything is tried.",
        signatures: &[
            likely(
                Source::Etcd,
                r"(walpb: crc mismatch|wal: (?:file not found|crc mismatch|slice bounds out of range|max entry size limit exceeded)|failed to read WAL.*|snap: (?:crc mismatch|snap file .*empty)|invalid freelist page: .*|(?:panic: )?(?:assertion failed|page \d+ already freed).*|file size too small|failed to recover v3 backend from snapshot.*|database snapshot file path error.*|version mismatch|(?:open|create) wal error.*|failed to open (?:WAL|database).*invalid database|invalid database)",
                "etcd's data are damaged: {1}",
                "2026-11-26 05:10:11.1 C | etcdserver: read wal error (walpb: crc mismatch) and cannot be repaired",
            ),
            likely(
                Source::Etcd,
                r"(?:panic: |panic: runtime error: )(.*(?:unexpected fault address|index out of range|freepages: failed|invalid page type).*)",
                "etcd's data are damaged: it dies with `{1}`",
                "panic: freepages: failed to get all reachable pages (page 4: multiple references)",
            ),
        ],
    },
    Cause {
        name: "EtcdDirectory",
        layer: Layer::Etcd,
        is: "etcd cannot use its directory",
        fix: "give /var/lib/etcd to root with mode 0700, on a file system that can be written to",
        command: Some("chown root:root /var/lib/etcd && chmod 0700 /var/lib/etcd"),
        page: "",
        signatures: &[likely(
            Source::Etcd,
            r"cannot access data directory: (.*)",
            "etcd cannot use its directory: {1}",
            "2026-11-26 05:10:11.1 C | etcdmain: cannot access data directory: open /var/lib/etcd/.touch: permission denied",
        )],
    },
    Cause {
        name: "EtcdLeftover",
        layer: Layer::Etcd,
        is: "etcd's data are those of another cluster, or of a member that was taken out",
        fix: "take the host out of the cluster and let it join again, so that its data are made anew",
        command: None,
        page: "A member that was removed never comes back with its old data.",
        signatures: &[
            likely(
                Source::Etcd,
                r"(member \S+ has already been bootstrapped|the member has been permanently removed from the cluster|member count is unequal|cluster ID mismatch)",
                "etcd's data are not those of this cluster: {1}",
                "2026-11-26 05:10:11.1 C | etcdmain: member 8e9e05c52164694d has already been bootstrapped",
            ),
            likely(
                Source::Output,
                r"check-etcd: etcd cluster is not healthy|error syncing endpoints with etc?d",
                "etcd of the cluster is not healthy: a member that is gone may still count",
                "error execution phase check-etcd: etcd cluster is not healthy: failed to dial endpoint https://10.0.0.3:2379",
            ),
        ],
    },
    Cause {
        name: "EtcdSpace",
        layer: Layer::Etcd,
        is: "etcd's database has reached its limit and takes no more writes",
        fix: "compact and defragment it, then take the alarm back (`etcdctl alarm disarm`)",
        command: None,
        page: "`--quota-backend-bytes` is 2 GiB by default.",
        signatures: &[
            likely(
                Source::ApiServer,
                r"mvcc: database space exceeded",
                "",
                "E1126 05:10:11.1 1 status.go:71] apiserver received an error that is not an metav1.Status: rpctypes.EtcdError{code:0x8, desc:\"etcdserver: mvcc: database space exceeded\"}",
            ),
            likely(
                Source::Etcd,
                r"alarm NOSPACE raised|mvcc: database space exceeded",
                "",
                "W | etcdserver: alarm NOSPACE raised by peer 8e9e05c52164694d",
            ),
        ],
    },
    Cause {
        name: "EtcdPeers",
        layer: Layer::Etcd,
        is: "etcd's members do not reach each other, and without a majority none of them serves",
        fix: "open ports 2379 and 2380 between the control planes, and bring back those that are down",
        command: None,
        page: "A cluster of two needs both, one of three two.",
        signatures: &[
            likely(
                Source::Etcd,
                r"dial tcp (\S+):2380: (i/o timeout|connect: (?:connection refused|no route to host))",
                "etcd does not reach its member `{1}` on port 2380: {2}",
                "W | rafthttp: health check for peer 91bc3c398fb3c146 could not connect: dial tcp 10.0.0.2:2380: connect: no route to host",
            ),
            likely(
                Source::Output,
                r"can only promote a learner member which is in sync",
                "a new member of etcd is not in step yet, or does not run",
                "etcdserver: can only promote a learner member which is in sync with leader",
            ),
            likely(
                Source::Output,
                r"too many learner members",
                "etcd has a new member already that has not become a full one",
                "etcdserver: too many learner members in cluster",
            ),
        ],
    },
    Cause {
        name: "EtcdSlow",
        layer: Layer::Etcd,
        is: "etcd's disk is too slow",
        fix: "give /var/lib/etcd a faster disk of its own (SSD), or take load off it",
        command: None,
        page: "etcd wants to be told within 10 ms that a write is on the disk.",
        signatures: &[symptom(
            Source::Etcd,
            r"slow fdatasync|apply request took too long|took too long \([^)]*\) to execute",
            "W | wal: sync duration of 2.3s, expected less than 1s; slow fdatasync",
        )],
    },
];
