#!/usr/bin/env bash
# What was on a host before with a mode of its owner's, on a host with a stand-in for the cluster (standin.sh): the audit log's directory.
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
g=owners
group "$g" "security: {audit: true}" a:control-plane
on() { podman exec "$(container_of "$g" a)" sh -c "$1"; }
audit=/var/log/kubernetes/audit
on "mkdir -p $audit && chmod 0755 $audit && echo mine > $audit/old.log"
mode() { on "stat -c '%a %U' $audit"; }
is() { [ "$(mode)" = "$1" ] || { mode; return 1; }; }
shut() { exits 0 "$g" all init && is "700 root"; }
t "the audit log's directory is shut for others" shut
# The API server writes, and the wipe takes that away.
back() {
  on "echo event > $audit/audit.log" && exits 0 "$g" all wipe && is "755 root" || return 1
  [ "$(on "ls $audit")" = old.log ] || { on "ls $audit"; return 1; }
}
t "a wipe gives it its mode back, and leaves what was in it" back
