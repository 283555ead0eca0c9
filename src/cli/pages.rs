//! Pages of what verbs find besides preflight's checks and `status`.

use crate::event::{Phase, Severity};
use crate::page::Page;

const fn way_in(name: &'static str, what: &'static str, text: &'static str) -> Page {
    Page {
        name,
        of: "every verb",
        what,
        severity: Some(Severity::Error),
        phase: Phase::Connect,
        breaks: "nothing can be looked at or changed",
        text,
        kubeadm: None,
        repairs: false,
        skips: false,
    }
}

pub const PAGES: &[Page] = &[
    Page {
        name: "Reachable",
        of: "every verb",
        what: "the host answers over SSH",
        severity: Some(Severity::Error),
        phase: Phase::Connect,
        breaks: "nothing can be looked at or changed",
        text: "Seen by connecting: the name, the address, the port, and SSH itself. The run ends with exit code 4 \
               before anything is changed; a wipe goes on with the others.\n\nThe finding says at \
               which step it ended, and what to correct for that.",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
    way_in(
        "HostKey",
        "the host shows the key that `known_hosts` has for it",
        "Seen by the key that the server shows, before anything is said to it. It is never passed over: a key that \
         changed is a new machine, or somebody in between.\n\nCompare the fingerprint on the host's own \
         console; then take the new key with `--accept-new-host-keys`, or remove the old one.",
    ),
    way_in(
        "Login",
        "the user gets in, with one of the keys, the agent or the password of cluster.yaml",
        "Seen by logging in: each credential is tried once, on one connection, and what was tried and what the server \
         takes is told.\n\nCorrect the user, the key or the password; where these are right, sshd's log on \
         the host says why it refuses (`PermitRootLogin`, `AllowUsers`, a locked account).",
    ),
    way_in(
        "LoginShell",
        "the login starts commands",
        "Seen by starting `sh`. Any shell will do, and what it prints before is passed over; what starts none is \
         `nologin`, a `ForceCommand`, a password that has expired, cloud-init's `Please login as the user`, or \
         sudo's `noexec`. The finding has its words.\n\nLook at the user on the host; `ssh USER@HOST \
         'echo ok'` must print ok.",
    ),
    way_in(
        "Sudo",
        "sudo makes the user root",
        "Seen by starting a shell through sudo, and by sudo's own words where it refuses: a password that is wrong or \
         missing, a user who may not, `requiretty`, a file of sudoers that it does not \
         understand.\n\nCorrect `ssh: {sudo: ...}` in cluster.yaml, or sudoers on the host.",
    ),
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
        name: "ForeignWipe",
        of: "status, verify-clean, wipe, remove",
        what: "no wipe of what another installer left was cut off on the host",
        severity: Some(Severity::Error),
        phase: Phase::Operation,
        breaks: "some of a dead cluster is there, and an installation would mix with it",
        text: "Seen by the host's journal: all that stands in it was written by `wipe --foreign`. Taken back it would bring some of the dead \
               cluster again, so `init`, `join`, `remove` and `wipe` refuse such a host.\n\nThe same `bivouac wipe --foreign HOST` goes on; what it \
               had found out is in the journal.",
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
        name: "Sources",
        of: "preflight, init, join",
        what: "the servers that files come from publish them for the hosts' architectures",
        severity: Some(Severity::Error),
        phase: Phase::Files,
        breaks: "files of Kubernetes or of the runtime cannot be had",
        text: "Seen by asking the release servers, or the mirrors that cluster.yaml names, for the published sum \
               of each file that this machine does not have from an earlier run.\n\nLet this machine reach the \
               server, correct the mirror or the proxy in cluster.yaml, or take a bundle.",
        kubeadm: None,
        repairs: false,
        skips: false,
    },
    Page {
        name: "BundleServer",
        of: "preflight, init, join",
        what: "a host can serve the bundle to those that pull its images from it",
        severity: Some(Severity::Error),
        phase: Phase::Images,
        breaks: "hosts with cri-o get no images",
        text: "Seen by the architectures and addresses of the hosts: cri-o has no import, so a host serves the \
               bundle's images to the others with this program.\n\nName a host in `artifacts.serve` that can, as \
               the finding says.",
        kubeadm: None,
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
