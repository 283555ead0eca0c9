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
