//! Pages of what verbs find besides preflight's checks and `status`.

use crate::event::{Phase, Severity};
use crate::page::Page;

pub const PAGES: &[Page] = &[
    Page {
        name: "Reachable",
        of: "every verb",
        what: "the host answers over SSH, with the key that is known",
        severity: Some(Severity::Error),
        phase: Phase::Connect,
        breaks: "nothing can be looked at or changed",
        text: "Seen by connecting and logging in: address, port, host key, user, key or \
               password. The run ends with exit code 4 before anything is changed; a wipe goes \
               on with the others.\n\nThe finding says at which step it ended, and what to \
               correct for that.",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
    Page {
        name: "Readable",
        of: "every verb",
        what: "the host answers with its facts",
        severity: Some(Severity::Error),
        phase: Phase::Connect,
        breaks: "nothing is known of the host",
        text: "Seen by the answer of the script that reads the facts: its first and its last \
               line must be there. A shell that prints something of its own, or a session that \
               is cut off, shows itself so.\n\nLook at the host by hand: log in as the same user \
               and see what the shell says.",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
    Page {
        name: "OtherCluster",
        of: "init, wipe",
        what: "no control plane of another tool's cluster is among the hosts",
        severity: Some(Severity::Error),
        phase: Phase::Init,
        breaks: "another cluster would be in the way, or be lost",
        text: "Seen by the kubelet's credentials of a node that is not ours by the journal. \
               `init` refuses; a wipe leaves that host as it is and says so.\n\n`bivouac join` \
               adds hosts to that cluster; if it is to go, take it away with the tool that made \
               it (`kubeadm reset`).",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
    Page {
        name: "ImagePull",
        of: "preflight, init, join",
        what: "every image that a host lacks can be had, for its architecture",
        severity: Some(Severity::Error),
        phase: Phase::Images,
        breaks: "images cannot be pulled, and the control plane does not start",
        text: "Seen by asking the registries for the manifest of each image, from this machine \
               and with `download: hosts` from each host too: whether it is there, the login, \
               the certificate. kubeadm pulls for minutes and then names the last \
               one.\n\nCorrect the name of the repository, the login or the authority in \
               cluster.yaml, as the finding says.",
        kubeadm: Some("in every version, by pulling; at init and at the join of control planes"),
        repairs: false,
        skips: false,
    },
    Page {
        name: "Drain",
        of: "remove",
        what: "the drain of a node loses nothing",
        severity: Some(Severity::Error),
        phase: Phase::Operation,
        breaks: "pods would be lost with the node",
        text: "Seen by `kubectl drain --dry-run` before anything is touched.\n\nSay that it may \
               be with `--delete-emptydir-data` or `--force`, or move the pods first.",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
];
