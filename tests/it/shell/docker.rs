//! docker's own half, with a stand-in for docker.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const DOCKER: &str = include_str!("../../../src/host/kind/docker.sh");

/// A docker with a list of images (name, id) and one of containers (id, name, image); without root's settings.
const CLIENT: &str = r#"#!/bin/sh
[ "$1 $3 $4" = "--config --host unix:///run/docker.sock" ] || { echo "docker is asked with root's settings" >&2; exit 1; }
shift 4
images=$STORE/images containers=$STORE/containers
case "$1 $2" in
version*) [ ! -e "$STORE/stopped" ] ;;
'image inspect') awk -v it="$6" '$1 == it { found = 1 } END { exit !found }' "$images" ;;
'image ls')
    case $* in
    *--format*) awk '{ print $2, $1 }' "$images" ;;
    *) awk '{ print $2 }' "$images" | sort -u ;;
    esac
    ;;
'image rm')
    shift 3
    awk -v it="$1" '$1 != it && $2 != it' "$images" >"$images.new" && mv "$images.new" "$images"
    ;;
'pull '*)
    case $2 in *missing*) echo 'not found' >&2; exit 1 ;; esac
    echo "$2 sha256:${2##*:}" >>"$images"
    ;;
'tag '*) awk -v it="$2" -v as="$3" '$1 == it { print as, $2 }' "$images" >>"$images.new" && cat "$images.new" >>"$images" && rm "$images.new" ;;
'container ls')
    case $* in
    *k8s_*) awk '$2 ~ /^k8s_/ { print $1 }' "$containers" ;;
    *ancestor=*) awk -v it="${5#ancestor=}" '$3 == it { print $1 }' "$containers" ;;
    *) awk '{ print $1 }' "$containers" ;;
    esac
    ;;
'container inspect') awk -v it="$5" '$1 == it { print $3 }' "$containers" ;;
'container rm') awk -v it="$5" '$1 != it' "$containers" >"$containers.new" && mv "$containers.new" "$containers" ;;
*) echo "docker $*" >&2; exit 1 ;;
esac
"#;

const HELPERS: &str = "
BV_NL='
'
bv_die() { printf '%s\\n' \"$*\" >&2; exit 1; }
bv_was() { for word; do was=\"$was $word\"; done; }
bv_sync() { :; }
bv_baseline_has() { [ -e \"$STORE/baseline\" ]; }
bv_keep() { echo \"kept $1\" >&2; }
ctr() { return 1; }
change() { was=; bv_docker_pull_before \"$@\"; bv_docker_pull_do \"$@\"; }
undo() { bv_nargs=$1; shift; bv_docker_pull_undo \"$@\"; }
claim() { bv_saved=$STORE/before was=; bv_docker_store_before /var/lib/docker; }
give_up() { bv_nargs=1; bv_docker_store_undo /var/lib/docker $was; }
";

/// Images and containers after a script, which began with these; and what was said.
fn after(images: &str, containers: &str, script: &str) -> (String, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("images"), images).unwrap();
    std::fs::write(at("containers"), containers).unwrap();
    for (name, text) in [("docker", CLIENT), ("ctr", "#!/bin/sh\nexit 1\n")] {
        std::fs::write(at(name), text).unwrap();
        std::fs::set_permissions(at(name), Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{HELPERS}{DOCKER}\n{script}"))
        .env("PATH", format!("{}:{path}", dir.path().display()))
        .env("STORE", dir.path())
        .output()
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
    (read("images"), read("containers"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_docker_pulled_goes_and_what_was_there_stays() {
    let here = "r/a:1 sha256:1\n";
    let both = "r/a:1=r/a:1 r/b:2=m/b:2";
    let is = format!("change {both}; bv_docker_pull_is {both} || echo lacking >&2; echo $was >&2");
    let (images, _, said) = after(here, "", &is);
    // By the cluster's name and by the mirror's.
    assert_eq!(images, "r/a:1 sha256:1\nm/b:2 sha256:2\nr/b:2 sha256:2\n");
    assert_eq!(said, "r/b:2 m/b:2\n");
    let undo = format!("change {both}; undo 2 {both} $was; undo 2 {both} $was");
    assert_eq!(after(here, "", &undo), (here.to_owned(), String::new(), String::new()));
    // What cannot be pulled is named.
    let (_, _, said) = after("", "", "change r/missing:1=r/missing:1");
    assert_eq!(said, "not found\nthe image `r/missing:1` was not pulled\n");
    // With docker stopped its store is another entry's.
    let stopped = format!("change {both}; : >\"$STORE/stopped\"; undo 2 {both} $was; echo $? >&2");
    let (images, _, said) = after(here, "", &stopped);
    assert_eq!((images.lines().count(), said.as_str()), (3, "0\n"));
}

#[test]
fn of_an_owner_s_docker_only_pods_and_what_they_are_made_of_go() {
    let images = "own/app:1 sha256:a\nown/base:1 sha256:b\n";
    let containers = "c1 app sha256:a\n";
    // A pod's own image, one that the owner had under another name, and one that he uses by now; and an image that he pulled.
    let life = "printf '%s\\n' 'k/pause:3 sha256:a' 'k/etcd:3 sha256:e' 'k/tool:1 sha256:t' 'own/new:1 sha256:n' >>\"$STORE/images\"
printf '%s\\n' 'p1 k8s_POD_x sha256:a' 'p2 k8s_etcd_x sha256:e' 'p3 k8s_tool_x sha256:t' 'c2 tool sha256:t' >>\"$STORE/containers\"";
    let (after_images, after_containers, said) =
        after(images, containers, &format!("claim; {life}\ngive_up; give_up"));
    // The baseline has nothing of docker's root, so what stays is named.
    let kept = "kept images in docker that were not there before, yours or of pods long gone:";
    assert_eq!(said, format!("{kept} own/new:1\n{kept} own/new:1\n"));
    assert_eq!(after_containers, "c1 app sha256:a\nc2 tool sha256:t\n");
    // A name of a pod's goes with the pod; content that a container of the owner's needs stays by docker's own rule.
    let kept = ["own/app:1 sha256:a", "own/base:1 sha256:b", "own/new:1 sha256:n"];
    assert_eq!(after_images.lines().collect::<Vec<_>>(), kept);
    // Pods that were there before are another cluster's.
    let before = "p0 k8s_POD_old sha256:a\n";
    let (_, after_containers, _) = after(images, before, "claim; give_up");
    assert_eq!(after_containers, before);
}

/// A baseline has lines `path TYPE MODE OWNER PATH`.
#[test]
fn of_empty_directories_in_an_owner_s_docker_only_those_that_images_make_go() {
    let tree = "root=$STORE/root BV=$STORE
mkdir -p $root/image/overlay2/layerdb $root/containers $root/volumes
for it in image image/overlay2 containers volumes; do echo \"path d 700 0:0 $root/$it\"; done >$STORE/baseline
claim
mkdir -p $root/image/overlay2/distribution/v2metadata-by-diffid/sha256 $root/rootfs/overlayfs/ID $root/rootfs/none \
    $root/volumes/data/_data $root/containers/ID/checkpoints $root/buildkit/content
bv_nargs=1; bv_docker_store_undo $root $was
cd $root && find . -type d | sort >&2";
    let (_, _, said) = after("", "", tree);
    let stay = "
./buildkit
./buildkit/content
./containers
./containers/ID
./containers/ID/checkpoints
./image
./image/overlay2
./rootfs
./rootfs/overlayfs
./rootfs/overlayfs/ID
./volumes
./volumes/data
./volumes/data/_data
";
    assert_eq!(said, format!(".{stay}"));
}

#[test]
fn an_owner_s_docker_that_does_not_answer_is_said_to_be_started() {
    let (_, _, said) = after("", "", "claim; : >\"$STORE/stopped\"; give_up");
    assert!(said.contains("docker is its owner's and does not answer: start it"), "{said}");
    // Nothing was noted, so nothing was made.
    let (_, _, said) = after("", "", ": >\"$STORE/stopped\"; was=; bv_saved=$STORE/none; give_up");
    assert_eq!(said, "");
}
