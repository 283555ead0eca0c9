#!/usr/bin/env bash
# firewalld, the real one: who is let in by the step that opens it, who is not, what its owner set meanwhile, a host that leaves, and that
# an undo restores both what holds now and what holds after a restart.
# shellcheck disable=SC2016 # what is in single quotes the host expands
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

hosts h1 h2 other --suite rpm > "$TMP/hosts"
address() { awk -v n="$1" '$1 == n { print $2 }' "$TMP/hosts"; }
on() { podman exec -i "bv-$RUN-$1" sh -ec "$2"; }
cluster_of h1 "$(address h1)"
cp "$TMP/h1.yaml" "$TMP/alone.yaml"
sed 's/roles: \[control-plane\], name: h1/roles: [worker], name: h2/; s/'"$(address h1)/$(address h2)/" <(tail -n 1 "$TMP/alone.yaml") >> "$TMP/h1.yaml"
mkdir -p "$TMP/playbooks/playbooks/init"
printf 'name: firewall\nsteps:\n- name: open\n  when: host.firewalld\n  firewall: ["{{ network.pod_subnet }}", "{{ cluster.addresses }}"]\n' > "$TMP/playbooks/playbooks/init/10.yaml"
PLAYBOOKS=$TMP/playbooks

# What is permanent, file by file, and what holds now.
state() { on h1 'find /etc/firewalld -printf "%p %m %u\n" | sort; find /etc/firewalld -type f -exec sha256sum {} + | sort; firewall-cmd --list-all-zones'; }
sources() { on h1 "firewall-cmd $1 --zone=trusted --list-sources" | tr ' ' '\n' | sort | paste -sd ' '; }
open_to() { # SOURCE...
  local wanted
  wanted=$(printf '%s\n' "$@" | sort | paste -sd ' ')
  echo "now: $(sources ''); permanent: $(sources --permanent)"
  [ "$(sources '')" = "$wanted" ] && [ "$(sources --permanent)" = "$wanted" ]
}
reaches() { on "$1" "nc -z -w 2 $(address h1) 7777"; }
wiped() { exits 0 h1 wipe && state > "$TMP/now" && same "$TMP/state" "$TMP/now"; }
cut() {
  local status=0
  BIVOUAC_CUT=h1:1:$1 run h1 "$2" 2> /dev/null || status=$?
  [ "$status" = 134 ] || { cat "$TMP/h1.err"; return 1; }
}

# The image has one identity for all of its hosts, which would be a finding.
on h2 'rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup > /dev/null 2>&1; [ -s /etc/machine-id ]'
on h1 'systemctl start firewalld; until firewall-cmd --state > /dev/null 2>&1; do sleep .1; done'
podman exec -d "bv-$RUN-h1" nc -l -k 7777
state > "$TMP/state"
closed() { ! reaches h2 && ! reaches other; }
t "control: firewalld keeps the others out" closed
opened() { exits 0 h1 init && open_to 10.245.0.0/16 "$(address h1)" "$(address h2)" && reaches h2 && ! reaches other; }
t "pods and the other hosts are let in, others are not" opened
again() { exits 0 h1 init && unchanged h1; }
t "a second init changes nothing" again
restarted() { on h1 'firewall-cmd --quiet --reload' && open_to 10.245.0.0/16 "$(address h1)" "$(address h2)"; }
t "it holds after a reload" restarted
left() {
  cp "$TMP/h1.yaml" "$TMP/both.yaml"
  cp "$TMP/alone.yaml" "$TMP/h1.yaml"
  exits 0 h1 init && open_to 10.245.0.0/16 "$(address h1)" "$(address h2)" || return
  sed -i "s/addresses }}\"\]/addresses }}\", \"-$(address h2)\"]/" "$TMP/playbooks/playbooks/init/10.yaml"
  exits 0 h1 init && open_to 10.245.0.0/16 "$(address h1)" && ! reaches h2 || return
  exits 0 h1 init && unchanged h1 || return
  sed -i "s/, \"-$(address h2)\"//" "$TMP/playbooks/playbooks/init/10.yaml"
  cp "$TMP/both.yaml" "$TMP/h1.yaml"
}
t "a host that leaves is kept out again, one that the file lacks is not" left
t "a wipe restores what holds now, and every file" wiped
owned() {
  on h1 "firewall-cmd -q --permanent --zone=trusted --add-source=$(address h2); firewall-cmd -q --zone=trusted --add-source=$(address h2); firewall-cmd -q --add-port=8080/tcp"
  state > "$TMP/state"
  exits 0 h1 init
  open_to 10.245.0.0/16 "$(address h1)" "$(address h2)"
  wiped
}
t "what the owner had let in stays, and so does what holds only until a restart" owned
killed() {
  local point
  for point in record-after effect-after; do
    cut "$point" init
    wiped
    cut "$point" init
    exits 0 h1 init
    wiped
  done
  exits 0 h1 init
  cut undo-after wipe
  wiped
}
t "killed at every point" killed
stopped() {
  exits 0 h1 init
  on h1 'systemctl stop firewalld'
  exits 6 h1 wipe
  grep -F -- '- state firewalld.service active' "$TMP/h1.err"
  grep -E '^ *h1 +1$' "$TMP/h1.err"
  on h1 'systemctl start firewalld; until firewall-cmd --state > /dev/null 2>&1; do sleep .1; done; firewall-cmd -q --add-port=8080/tcp'
  wiped
}
t "an undo where firewalld is off by now" stopped
conflict() {
  on h1 "firewall-cmd -q --zone=internal --add-source=10.245.0.0/16"
  exits 1 h1 init
  grep -F 'firewalld does not take `10.245.0.0/16` into its zone `trusted`, it is in `internal`' "$TMP/h1.err"
  on h1 "firewall-cmd -q --zone=internal --remove-source=10.245.0.0/16"
  wiped
}
t "a network that its owner has in another zone is not moved: refused by name" conflict
# SSH comes in from the cluster's hosts alone, and the operator sits at one: without these sources he is shut out.
enters() { ssh -n -o BatchMode=yes -o ConnectTimeout=2 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$LAB_KEY" "root@$(address h1)" true; }
ssh_service() { on h1 "firewall-cmd -q --permanent --zone=public --$1-service=ssh; firewall-cmd -q --zone=public --$1-service=ssh"; }
shut_out() {
  ssh_service remove
  ssh_service add
  state > "$TMP/state"
  local here
  here=$(address h1)
  sed -i "s/addresses }}\"\]/addresses }}\", \"${here%.*}.1\"]/" "$TMP/playbooks/playbooks/init/10.yaml"
  exits 0 h1 init
  ssh_service remove
  enters
  state > "$TMP/let-in"
  exits 1 h1 wipe
  grep -F 'without the cluster'"'"'s rules no login works' "$TMP/h1.err" && grep -F 'they were put back' "$TMP/h1.err"
  state > "$TMP/now" && same "$TMP/let-in" "$TMP/now" && enters
  on h1 '! grep -q "^undone" /var/lib/bivouac/journal && [ ! -e /run/bivouac-guard ]'
}
t "a wipe that would shut its operator out lets him in again, and says so" shut_out
# The same where the operator's own host leaves, and the others let it in no longer.
left_out() {
  local playbook=$TMP/playbooks/playbooks/init/10.yaml
  cp "$playbook" "$TMP/playbook"
  sed -i 's/, "\([0-9.]*\.1\)"\]/, "-\1"]/' "$playbook"
  grep -F '"-' "$playbook"
  exits 1 h1 init
  cp "$TMP/playbook" "$playbook"
  grep -F 'they were put back' "$TMP/h1.err"
  sources '' > "$TMP/now" && grep -F "$(address h1)" "$TMP/now" && [ "$(sources '')" = "$(sources --permanent)" ]
  enters
  exits 0 h1 init
}
t "a step that would shut the operator out is taken back too" left_out
by_itself() {
  state > "$TMP/let-in"
  cut unproven-after wipe
  if enters; then return 1; fi
  comes on h1 '[ ! -e /run/bivouac-guard ]'
  state > "$TMP/now" && same "$TMP/let-in" "$TMP/now" && enters
}
t "one that is killed then is taken back by the host" by_itself
let_in() { ssh_service add && wiped; }
t "when the owner lets SSH in it is whole" let_in
