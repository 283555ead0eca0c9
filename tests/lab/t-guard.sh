#!/usr/bin/env bash
# The guard of the way in (src/host/guard.sh) and what takes rules out (src/host/kind/chains.sh), as functions in namespaces of this machine: what is
# put back where the owner changed his rules meanwhile, what is not put back, and what a guard that was cut off leaves. (t-shutout.sh: with logins.)
# shellcheck disable=SC2016 # what is in single quotes the inner shell expands
. "$(dirname "$0")/t.sh"

# floor SCRIPT: runs shell functions of the tool in a network, a /run and a /var/lib of their own.
floor() {
  { cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/guard.sh "$ROOT"/src/host/baseline.sh "$ROOT"/src/host/kind/*.sh "$ROOT"/src/host/kind/package/*.sh "$ROOT"/src/host/kind/clear/*.sh
    printf 'BV_RUN=test\nBV_HAD=$BV/baseline\nmkdir -p "$BV_LIVE" "$BV"\necho "noise -" >"$BV/baseline"\nmkdir "$BV_LIVE/bin"\nPATH=$BV_LIVE/bin:$PATH\n'
    printf 'rules() { "${1:-iptables}-save" | sed "/^#/d; s/ \\[.*//"; }\nfails() { if ("$@") 2>/var/lib/err; then echo "no failure: $*"; exit 1; fi; cat /var/lib/err; }\nset -e\n%s\n' "$1"
  } > "$TMP/floor.sh"
  unshare -n -m -p -f --kill-child --mount-proc --propagation private sh -c 'mount -t tmpfs run /run && mount -t tmpfs lib /var/lib && exec timeout 60 sh "$1"' sh "$TMP/floor.sh"
}

# What a cluster has, in a chain of the owner's, in one of iptables' own, and in another table.
cluster='iptables -N OWN; iptables -A INPUT -j OWN; iptables -A OWN -s 192.0.2.1 -j DROP
iptables -N KUBE-WAY; iptables -A KUBE-WAY -p tcp --dport 22 -j ACCEPT; iptables -A OWN -j KUBE-WAY; iptables -I INPUT -s 192.0.2.9 -j DROP; iptables -A INPUT -j KUBE-WAY
iptables -t nat -N KUBE-NAT; iptables -t nat -A POSTROUTING -s 192.0.2.3 -j RETURN; iptables -t nat -A POSTROUTING -j KUBE-NAT
rules >$BV_LIVE/whole; bv_chains_take iptables "$BV_CHAINS" ""; if rules | grep KUBE; then exit 1; fi
'
back() { floor "$cluster"'bv_guard_back; rules >$BV_LIVE/now; cmp $BV_LIVE/whole $BV_LIVE/now; [ ! -e $BV_GUARD ]'; }
t "what went comes back, rule by rule where it was" back
chain_gone() {
  floor "$cluster"'iptables -D INPUT -j OWN; iptables -F OWN; iptables -X OWN
    fails bv_guard_back | grep OWN
    rules; rules | grep -x -e "-A INPUT -j KUBE-WAY"; rules | grep -x -e "-A KUBE-WAY -p tcp -m tcp --dport 22 -j ACCEPT"; rules | grep -x -e "-A POSTROUTING -j KUBE-NAT"
    grep -F OWN $BV_GUARD/said; [ -e $BV_GUARD/failed ]'
}
t "a rule whose chain the owner has removed since is named, and everything else comes back" chain_gone
places() {
  floor "$cluster"'iptables -F INPUT; iptables -A INPUT -s 198.51.100.0/24 -j DROP; iptables -F OWN
    bv_guard_back; rules
    [ "$(rules | grep -e "-A INPUT" | tail -n 1)" = "-A INPUT -j KUBE-WAY" ]
    [ "$(rules | grep -e "-A INPUT" | head -n 1)" = "-A INPUT -s 198.51.100.0/24 -j DROP" ]
    [ "$(rules | grep -e "-A POSTROUTING" | head -n 1)" = "-A POSTROUTING -s 192.0.2.3/32 -j RETURN" ]; rules | grep -x -e "-A OWN -j KUBE-WAY"'
}
t "where a chain has got shorter since a rule goes to its end, and passes none that denies" places
half() {
  # A rule of a new chain that does not fit any more: the others of it do.
  floor "$cluster"'sed -i "s/^-A KUBE-WAY .*/&\\n-A KUBE-WAY -j GONE/" $BV_GUARD/000.iptables
    fails bv_guard_back | grep GONE
    rules; rules | grep -x -e "-A KUBE-WAY -p tcp -m tcp --dport 22 -j ACCEPT"; rules | grep -x -e "-A INPUT -j KUBE-WAY"; rules | grep -x -e "-A POSTROUTING -j KUBE-NAT"'
}
t "a rule of a chain's own that does not fit takes nothing else with it" half
sources() {
  floor 'printf "#!/bin/sh\ncase \$* in *query*) exit 1 ;; *add-source=192.0.2.1) echo \"no \$*\" >&2; exit 1 ;; *add*) echo \"\$*\" >>$BV_LIVE/added ;; esac\n" >$BV_LIVE/bin/firewall-cmd; chmod +x $BV_LIVE/bin/firewall-cmd
    printf "192.0.2.1\n192.0.2.2\n" | bv_guard_save sources
    fails bv_guard_back | grep 192.0.2.1; grep 192.0.2.2 $BV_LIVE/added'
}
t "a source that firewalld does not take any more keeps none of the others out" sources
session() {
  floor 'echo x | bv_guard_save iptables
    # What puts back says who had it do so.
    echo "tr \"\\0\" \" \" </proc/\$PPID/cmdline >$BV_LIVE/by; rm -rf $BV_GUARD" >$BV_GUARD/back
    bv_guard_back
    tr -d "\0" <$BV_LIVE/by; grep -F bivouac-guard/watch $BV_LIVE/by'
}
t "it is the watcher who puts back, not the session that may end" session
unwatched() {
  floor "$cluster"'kill $(grep -la "bivouac-guard/[w]atch" /proc/[0-9]*/cmdline | cut -d / -f 3 | grep -vx $$)
    bv_guard_back; rules >$BV_LIVE/now; cmp $BV_LIVE/whole $BV_LIVE/now'
}
t "where the watcher was killed another takes its place" unwatched
stale() {
  local made
  for made in 'mkdir $BV_GUARD' 'mkdir $BV_GUARD; : >$BV_GUARD/back' 'mkdir $BV_GUARD; : >$BV_GUARD/confirmed; : >$BV_GUARD/000.iptables' 'mkdir $BV_GUARD; : >$BV_GUARD/confirmed; : >$BV_GUARD/failed'; do
    floor "$made; bv_guard_look | grep -x gone; $cluster"' [ -e $BV_GUARD/armed ] && bv_guard_confirm && [ ! -e $BV_GUARD ]'
  done
  # Cut off behind its decision.
  floor "$cluster"'(rm() { exit 9; }; bv_guard_confirm) || [ $? = 9 ]; ls $BV_GUARD; [ -e $BV_GUARD/confirmed ]; bv_guard_look | grep -x gone; echo x | bv_guard_save iptables; [ -e $BV_GUARD/armed ]; ls $BV_GUARD; [ "$(cat $BV_GUARD/000.iptables)" = x ]'
}
t "what a guard that was cut off leaves keeps no wipe away" stale
full() {
  floor 'mount -t tmpfs -o size=4k small /run; mkdir -p $BV_LIVE; head -c 4096 /dev/zero >/run/fill || true
    fails bv_guard_save iptables </dev/null | grep "nothing is taken out"; rm -f /run/fill; ls -la /run; [ ! -e $BV_GUARD ]'
}
t "a guard that finds no room leaves nothing" full
looks() {
  floor 'bv_guard_look | grep -x gone; printf "*filter\n:KUBE-X\n@1 -A GONE -j KUBE-X\nCOMMIT\n" | bv_guard_save iptables; bv_guard_look | grep -x armed
    fails bv_guard_back; bv_guard_look; bv_guard_look | grep "^failed .*GONE"; fails bv_guard_confirm | grep "could not be put back"
    fails bv_guard_save iptables </dev/null | grep GONE'
}
t "a putting back that did not work is no putting back, and is said with its cause" looks
ways() {
  floor 'mount -t sysfs sys /sys; ip link set lo up; ip link add b0 type bridge; ip link set b0 up; ip route add 198.51.100.0/24 dev b0; ip rule add fwmark 0x200/0xf00 lookup 2004 priority 9; ip addr add 192.0.2.9/32 dev b0; ip addr add 192.0.2.8/24 dev b0
    SSH_CONNECTION="192.0.2.1 1 192.0.2.8 22"; ip route >/var/lib/routes; ip rule >/var/lib/rules; ip -o addr >/var/lib/addresses
    bv_clear_routes_do "4 198.51.100.0/24 dev b0 scope link"; bv_clear_policies_do "4 9: from all fwmark 0x200/0xf00 lookup 2004"; bv_clear_addresses_do "192.0.2.9/32 b0"
    if ip rule | grep 0x200; then exit 1; fi; if ip addr | grep 192.0.2.9; then exit 1; fi; [ "$bv_unproven" = yes ]
    # What came back by itself is not missed.
    ip rule add fwmark 0x200/0xf00 lookup 2004 priority 9; ip addr add 192.0.2.9/32 dev b0
    bv_guard_back; ip route | diff /var/lib/routes -; ip rule | diff /var/lib/rules -; [ "$(ip -o addr | grep -c 192.0.2.9)" = 1 ]
    fails bv_clear_links_do b0 | grep "this login came in over it"; [ -e /sys/class/net/b0 ]'
  floor 'ip link add b0 type bridge; ip link set b0 up; ip route add 198.51.100.0/24 dev b0; bv_clear_routes_do "4 198.51.100.0/24 dev b0 scope link"; ip link del b0; fails bv_guard_back | grep "ip -4 route append 198.51.100.0/24"'
}
t "routes, rules of routing and addresses come back too, and the link of this login is not taken" ways
# A stand-in for firewalld: what holds now, and what is permanent, are lists.
firewalld='bv_firewall_runs() { :; }
printf "192.0.2.1\n" | tee $BV_LIVE/now >$BV_LIVE/permanent
cat >$BV_LIVE/bin/firewall-cmd <<"E"
#!/bin/sh
list=/run/bivouac/now
for word; do
  case $word in
    --permanent) list=/run/bivouac/permanent ;;
    --list-sources) paste -sd " " $list ;;
    --query-source=*) grep -qxF "${word#*=}" $list || exit 1 ;;
    --add-source=*) echo "${word#*=}" >>$list ;;
    --remove-source=*) grep -vxF "${word#*=}" $list >$list.new; mv $list.new $list ;;
  esac
done
E
chmod +x $BV_LIVE/bin/firewall-cmd
echo "start 1 '"'run' 'a: b' 'firewall' '1' '192.0.2.1' 'now=192.0.2.1' 'permanent=192.0.2.1'"' ." >$BV/journal
'
for_good() {
  floor "$firewalld"'(bv_change 2 x firewall 192.0.2.2 -192.0.2.1) >/var/lib/said; grep -x unproven /var/lib/said
    [ "$(cat $BV_LIVE/now)" = 192.0.2.2 ]; grep -x 192.0.2.1 $BV_LIVE/permanent; grep "^done 2" $BV/journal
    bv_guard_confirm; bv_firewall_for_good 192.0.2.2 -192.0.2.1; [ "$(cat $BV_LIVE/permanent)" = 192.0.2.2 ]
    (bv_change 3 x firewall 192.0.2.2 -192.0.2.1) || [ $? = 79 ]'
  # Cut off before that.
  floor "$firewalld"'(bv_change 2 x firewall 192.0.2.2 -192.0.2.1); bv_guard_confirm
    (bv_change 3 x firewall 192.0.2.2 -192.0.2.1) >/var/lib/said; [ ! -s /var/lib/said ]; [ "$(cat $BV_LIVE/permanent)" = 192.0.2.2 ]'
}
t "a source is kept out for good only when a login has proven that it may" for_good
bare() {
  floor 'iptables -N KUBE-FIREWALL; iptables -A INPUT -m comment --comment one -j KUBE-FIREWALL; iptables -A KUBE-FIREWALL -m mark --mark 0x8000 -j DROP; iptables -A KUBE-FIREWALL -m comment --comment "a -s b" -j REJECT
    nft add rule ip filter KUBE-FIREWALL tcp dport "{25,81}" counter drop; iptables -I OUTPUT -p udp -j DROP; iptables -A OUTPUT -s 192.0.2.1 -p udp -j DROP; iptables -A OUTPUT -m comment --comment two -j KUBE-FIREWALL; iptables -A OUTPUT -s 192.0.2.2 -j DROP
    rules | grep -x -e "-A KUBE-FIREWALL -p tcp -j DROP"
    rules | sed "/REJECT/d; /-A KUBE-FIREWALL -p tcp -j DROP/d; /-A OUTPUT -p udp -j DROP/d" >/var/lib/want
    bv_chains_take iptables "$BV_CHAINS" "filter -A OUTPUT -p udp -j DROP"; bv_guard_back; rules; rules | diff /var/lib/want -'
}
t "what denies without a match is not put back: iptables may not know the match, and the operator was connected while it stood" bare
unread() {
  # The program does not work at all.
  floor "$cluster"'bv_guard_confirm; iptables -N KUBE-A; printf "#!/bin/sh\necho no memory >&2\nexit 1\n" >$BV_LIVE/bin/iptables-save; chmod +x $BV_LIVE/bin/iptables-save
    fails bv_chains_take iptables "$BV_CHAINS" "" | grep "iptables.* cannot be read: no memory"; ls $BV_LIVE; if bv_clear_chains_is iptables "filter KUBE-A"; then exit 1; fi; if bv_clear_rule_is iptables filter "-A X"; then exit 1; fi
    bv_network | grep -x "iptables ip - unreadable"
    printf "#!/bin/sh\necho \"iptables-save: Protocol not supported\" >&2\nexit 1\n" >$BV_LIVE/bin/iptables-save; bv_chains_take iptables "$BV_CHAINS" ""; if bv_network | grep " - unreadable"; then exit 1; fi'
}
t "a packet filter that cannot be read has not been taken out" unread
foreign_rule='nft add table ip nat; nft add chain ip nat PREROUTING "{ type nat hook prerouting priority -100; }"; nft add rule ip nat PREROUTING ct state new counter; iptables-save | grep "is incompatible"
'
table_unread() {
  floor "$foreign_rule"'nft add chain ip nat KUBE-NAT; iptables -N KUBE-A
    fails bv_chains_take iptables "$BV_CHAINS" "" | grep "nat.*KUBE-NAT"; nft list chains ip | grep KUBE-NAT
    echo "iptables ip :KUBE-NAT -" >>$BV_HAD; bv_chains_take iptables "$BV_CHAINS" ""; if rules | grep KUBE-A; then exit 1; fi'
}
t "a table that iptables cannot read is said to be so where chains of the cluster's are in it" table_unread
owners_table() {
  floor "$foreign_rule"'iptables -N KUBE-A; bv_network >$BV/baseline; grep -x "iptables ip - unreadable nat" $BV/baseline; sed -i /KUBE-A/d $BV/baseline
    bv_chains_take iptables "$BV_CHAINS" ""; if rules | grep KUBE-A; then exit 1; fi
    nft list chains ip | grep PREROUTING; bv_network >$BV/after; bv_differences $BV/after >/var/lib/differ; cat /var/lib/differ; if grep unreadable /var/lib/differ; then exit 1; fi
    # It could be read before.
    sed -i "/ - unreadable nat/d" $BV/baseline; bv_network >$BV/after; bv_differences $BV/after | grep -x "+ iptables ip - unreadable nat"
    # Of an earlier version, which did not say.
    sed -i "/^unreadable -/d" $BV/baseline; bv_network >$BV/after; if bv_differences $BV/after | grep unreadable; then exit 1; fi'
}
t "a table of the owner's that iptables cannot read keeps nothing from being done, and is in the comparison" owners_table
cni='iptables -t nat -N CNI-HOSTPORT-DNAT; iptables -t nat -N CNI-DN-a1; iptables -t nat -N CNI-a1; iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT; iptables -t nat -A POSTROUTING -s 10.245.0.2 -m comment --comment "name: \"bivouac\" id: \"11\"" -j CNI-a1; iptables -t nat -A CNI-a1 -m comment --comment "name: \"bivouac\" id: \"11\"" -j MASQUERADE
iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp --dport 80 -m comment --comment "dnat name: \"bivouac\" id: \"11\"" -j CNI-DN-a1; iptables -t nat -A CNI-DN-a1 -p tcp --dport 80 -j DNAT --to-destination 10.245.0.2:80
iptables -N CNI-FORWARD; iptables -N CNI-ADMIN; iptables -A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD; iptables -A CNI-FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-ADMIN
'
podman='iptables -t nat -N CNI-DN-b2; iptables -t nat -N CNI-b2; iptables -t nat -A POSTROUTING -s 10.88.0.2 -m comment --comment "name: \"podman\" id: \"22\"" -j CNI-b2; iptables -t nat -A CNI-b2 -d 10.88.0.0/16 -m comment --comment "name: \"podman\" id: \"22\"" -j ACCEPT
iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp --dport 81 -m comment --comment "dnat name: \"podman\" id: \"22\"" -j CNI-DN-b2; iptables -t nat -A CNI-DN-b2 -p tcp --dport 81 -j DNAT --to-destination 10.88.0.2:80; iptables -A CNI-FORWARD -d 10.88.0.2 -j ACCEPT
'
networks() {
  floor "$cni"'bv_chains_take iptables "$BV_CHAINS" ""; rules; if rules | grep CNI; then exit 1; fi'
  floor "$cni$podman"'rules | grep -v -e bivouac -e "CNI-a1" -e "CNI-DN-a1" >/var/lib/want; grep -e "-j CNI-b2" /var/lib/want; grep -e "-j CNI-FORWARD" /var/lib/want; bv_chains_take iptables "$BV_CHAINS" ""; rules | diff /var/lib/want -'
}
t "of the chains of network plugins those go that are of a network of pods, and the shared ones where no other network is" networks
kernel() {
  floor 'bv_pods_stop() { :; }; bv_pins_forget() { :; }; bv_proxy_remove() { echo later; }
    iptables -N KUBE-A; printf "#!/bin/sh\nexit 1\n" >$BV_LIVE/bin/ip6tables-save; chmod +x $BV_LIVE/bin/ip6tables-save
    echo "start 1 '"'run' 'a: b' 'kernel' '1' '10.245.0.0/16'"' ." >$BV/journal
    (bv_undo 1) >/var/lib/said; cat /var/lib/said; grep -x unproven /var/lib/said; bv_guard_confirm
    fails bv_undo 1 | grep "ip6tables.* cannot be read"; if grep "^undone" $BV/journal; then exit 1; fi'
}
t "where one family went and the other could not the first is proven all the same, and then it is said" kernel
