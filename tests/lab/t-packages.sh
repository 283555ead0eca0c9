#!/usr/bin/env bash
# The step that installs packages, with each package manager: what is true of one is true of all. apt, dnf 4, zypper and rpm are the real
# ones (Debian has them); yum 3, which no Debian has any more, is played by dnf, with yum's headings. A host is taken for another
# distribution by its os-release. Each has a repository on itself and one package of its owner's.
# shellcheck disable=SC2016 # what is in single quotes the host expands
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

MANAGERS=${MANAGERS:-apt dnf yum zypper}
# shellcheck disable=SC2086 # names
hosts $MANAGERS --suite rpm > "$TMP/hosts"
on() { podman exec -i "bv-$RUN-$1" sh -ec "$2"; }

# The same packages for both kinds of database; `fast-own` has two versions, the owner's is the older.
repository() {
  podman exec -i "bv-$RUN-$1" sh -es "$1" <<'E'
  manager=$1
  mkdir -p /srv/repo /srv/own
  deb() { # NAME VERSION FIELD...
    name=$1 version=$2
    shift 2
    rm -rf /tmp/deb
    mkdir -p /tmp/deb/DEBIAN "/tmp/deb/usr/share/$name" /tmp/deb/etc
    echo "$version" | tee "/tmp/deb/usr/share/$name/version" > "/tmp/deb/etc/$name.conf"
    { printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: lab <lab@example>\nDescription: for the lab\n' "$name" "$version"
      for field; do printf '%s\n' "$field"; done; } > /tmp/deb/DEBIAN/control
    echo "/etc/$name.conf" > /tmp/deb/DEBIAN/conffiles
    dpkg-deb --build --root-owner-group /tmp/deb "/srv/repo/${name}_$version.deb" > /dev/null
    { cat /tmp/deb/DEBIAN/control
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${name}_$version.deb" "$(stat -c %s "/srv/repo/${name}_$version.deb")" "$(sha256sum "/srv/repo/${name}_$version.deb" | sed 's/ .*//')"
    } >> /srv/repo/Packages
  }
  rpm_of() { # NAME VERSION FIELD...
    name=$1 version=$2
    shift 2
    { printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: for the lab\nLicense: none\nBuildArch: noarch\n' "$name" "$version"
      for field; do printf '%s\n' "$field"; done
      printf '%%description\nlab\n%%install\nmkdir -p %%{buildroot}/etc %%{buildroot}/usr/share/%s\necho %s > %%{buildroot}/etc/%s.conf\necho %s > %%{buildroot}/usr/share/%s/version\n%%files\n%%config(noreplace) /etc/%s.conf\n%%dir /usr/share/%s\n/usr/share/%s/version\n' \
        "$name" "$version" "$name" "$version" "$name" "$name" "$name" "$name"; } > /tmp/x.spec
    rpmbuild --quiet -bb --define '_rpmdir /srv/repo' --define '_rpmfilename %{NAME}-%{VERSION}.rpm' --define '_topdir /tmp/rpmbuild' /tmp/x.spec
  }
  if [ "$manager" = apt ]; then
    deb fast-own 1.0
    dpkg -i /srv/repo/fast-own_1.0.deb > /dev/null
    deb fast-own 2.0
    deb fast-library 1.0
    deb fast-weak 1.0
    deb fast-tool 1.0 'Depends: fast-library' 'Recommends: fast-weak'
    deb fast-upgrades 1.0 'Depends: fast-own (>= 2.0)'
    deb fast-replaces 1.0 'Conflicts: fast-own' 'Replaces: fast-own'
    # Not in the repository.
    cp /srv/repo/Packages /tmp/Packages
    deb fast-needs 1.0 'Depends: fast-library'
    mv /srv/repo/fast-needs_1.0.deb /srv/own/
    mv /tmp/Packages /srv/repo/Packages
    rm -f /etc/apt/sources.list.d/*
    echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list
  else
    printf '%s\n' %no-protection 'Key-Type: RSA' 'Key-Length: 2048' 'Name-Real: lab' 'Name-Email: lab@example' 'Expire-Date: 0' %commit > /tmp/key
    export GNUPGHOME=/srv/gnupg
    mkdir -m 700 /srv/gnupg
    gpg --batch --quiet --gen-key /tmp/key
    gpg --export --armor lab@example > /srv/key.asc
    rpm_of fast-own 1.0
    rpm -i --nosignature /srv/repo/fast-own-1.0.rpm
    rpm_of fast-own 2.0
    rpm_of fast-library 1.0
    rpm_of fast-weak 1.0
    rpm_of fast-tool 1.0 'Requires: fast-library' 'Recommends: fast-weak'
    rpm_of fast-upgrades 1.0 'Requires: fast-own >= 2.0'
    rpm_of fast-replaces 1.0 'Obsoletes: fast-own <= 2.0'
    # Wider than the column of a table.
    rpm_of fast-a-name-that-is-longer-than-eighty-columns-so-that-no-table-has-room-for-it-in-one-line 1.0
    rpm_of fast-needs 1.0 'Requires: fast-library'
    mv /srv/repo/fast-needs-*.rpm /srv/own/
    rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name lab@example' --addsign /srv/repo/*.rpm > /dev/null
    rpm_of fast-unsigned 1.0
    createrepo_c -q /srv/repo
    gpg --batch --yes --detach-sign --armor /srv/repo/repodata/repomd.xml
    cp /srv/key.asc /srv/repo/repodata/repomd.xml.key
    gpgconf --kill all
    case $manager in zypper) dir=/etc/zypp/repos.d ;; *) dir=/etc/yum.repos.d ;; esac
    printf '[lab]\nname=lab\nbaseurl=file:///srv/repo\nenabled=1\ngpgcheck=1\ngpgkey=file:///srv/key.asc\n' > $dir/lab.repo
    case $manager in
      dnf) os='ID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\n' ;;
      # The host that has yum has no dnf; yum's own headings.
      yum) os='ID=centos\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n'
        mv /usr/bin/dnf-3 /usr/bin/dnf /srv/
        printf '%s\n' '#!/bin/sh' '/srv/dnf-3 --setopt=install_weak_deps=False "$@" > /tmp/yum.out' 'status=$?' \
          'sed "s/^Installing dependencies:/Installing for dependencies:/; s/^Upgrading:/Updating:/" /tmp/yum.out; rm /tmp/yum.out' 'exit $status' > /usr/bin/yum
        chmod +x /usr/bin/yum ;;
      # What a SUSE trusts it came with.
      zypper) os='ID=opensuse-leap\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n'
        rpm --import /srv/key.asc ;;
    esac
    rm /etc/os-release
    printf "$os" > /etc/os-release
  fi
  rm -rf /tmp/deb /tmp/rpmbuild /tmp/x.spec /tmp/key
E
}
# playbook PACKAGE [LIMIT]: a step that installs it, on every family.
playbook() {
  local entry file id managers
  mkdir -p "$TMP/$1/playbooks/init" "$TMP/$1/playbooks/os"
  printf 'name: packages\nsteps:\n- name: install\n  limit: %s\n  package: [tool]\n' "${2:-60}" > "$TMP/$1/playbooks/init/10.yaml"
  for entry in debian:debian:apt redhat:centos:dnf,yum suse:opensuse-leap:zypper; do
    IFS=: read -r file id managers <<< "$entry"
    printf 'name: x\nids: [%s]\nmanagers: [%s]\npackages: {tool: [%s]}\n' "$id" "$managers" "$1" > "$TMP/$1/playbooks/os/$file.yaml"
  done
}
long=fast-a-name-that-is-longer-than-eighty-columns-so-that-no-table-has-room-for-it-in-one-line
for package in fast-tool fast-upgrades fast-replaces fast-unsigned fast-absent $long; do playbook "$package"; done

# packages MANAGER: what the databases have, and what trusts whom.
packages() { on "$1" 'dpkg-query -W -f "\${Package} \${Version} \${db:Status-Abbrev}\n"; rpm -qa; cat /var/lib/apt/extended_states 2> /dev/null || :' | LC_ALL=C sort; }
there() { packages "$1" | grep -oE 'fast-[a-z]*[- ][0-9.]*' | tr ' ' - | LC_ALL=C sort | sed 's/-$//' | paste -sd ' '; }
has() { [ "$(there "$1")" = "$2" ] || { echo "there is: $(there "$1")"; return 1; }; }
files() { on "$1" 'find /etc /usr /opt /root -printf "%p %y %m %u:%g %l\n"; find /etc -type f -exec sha256sum {} +' | grep -v ' /etc/ld.so.cache' | LC_ALL=C sort; }
# The tool's own comparison, and ours.
wiped() { exits 0 "$1" wipe && packages "$1" > "$TMP/now" && same "$TMP/$1.packages" "$TMP/now" && files "$1" > "$TMP/now" && same "$TMP/$1.files" "$TMP/now"; }
says() { grep -F -- "$2" "$TMP/$1.err" > /dev/null || { echo "not said: $2"; cat "$TMP/$1.err"; return 1; }; }
install() { PLAYBOOKS=$TMP/$3 exits "$1" "$2" init; }

installs() {
  install 0 "$1" fast-tool && has "$1" 'fast-library-1.0 fast-own-1.0 fast-tool-1.0'
  install 0 "$1" fast-tool && unchanged "$1"
}
refused() { # MANAGER PACKAGE WORDS
  install 1 "$1" "$2"
  says "$1" "$3"
  has "$1" fast-own-1.0
  [ -z "$(on "$1" 'cat /var/lib/bivouac/journal')" ]
  wiped "$1"
}
upgrades() { refused "$1" fast-upgrades 'upgrade fast-own [1.0'; }
replaces() { refused "$1" fast-replaces 'remove fast-own'; }
absent() { refused "$1" fast-absent fast-absent; }
add_own() { on "$1" 'if [ -e /srv/own/fast-needs_1.0.deb ]; then dpkg -i /srv/own/fast-needs_1.0.deb; else rpm -i --nosignature /srv/own/fast-needs-1.0.rpm; fi' > /dev/null; }
remove_own() { on "$1" 'if [ -e /srv/own/fast-needs_1.0.deb ]; then dpkg -P fast-needs; else rpm -e fast-needs; fi' > /dev/null; }
needed() {
  install 0 "$1" fast-tool
  add_own "$1"
  exits 6 "$1" wipe
  says "$1" 'fast-needs'
  says "$1" 'of yours needs them'
  has "$1" 'fast-library-1.0 fast-needs-1.0 fast-own-1.0 fast-tool-1.0'
  remove_own "$1"
  wiped "$1"
}
changed() {
  install 0 "$1" fast-tool
  on "$1" 'cp -p /etc/fast-library.conf /root/kept; echo mine >> /etc/fast-library.conf'
  exits 6 "$1" wipe
  says "$1" 'you changed their configuration: /etc/fast-library.conf'
  on "$1" 'grep -qx mine /etc/fast-library.conf && cp -p /root/kept /etc/fast-library.conf && rm /root/kept'
  wiped "$1"
}
# What the owner adds is not taken along, though nothing needs it.
alone() {
  install 0 "$1" fast-tool
  case $1 in
    apt) on "$1" 'apt-get -qq -y install fast-weak > /dev/null && apt-mark auto fast-weak > /dev/null' ;;
    yum) on "$1" 'yum -y install fast-weak > /dev/null' ;;
    dnf) on "$1" 'dnf -q -y install fast-weak && dnf -q -y mark remove fast-weak' ;;
    zypper) on "$1" 'zypper -q -n install fast-weak > /dev/null' ;;
  esac
  exits 0 "$1" wipe
  says "$1" 'fast-weak'
  has "$1" 'fast-own-1.0 fast-weak-1.0'
  case $1 in apt) on "$1" 'apt-get -qq -y purge fast-weak > /dev/null' ;; *) on "$1" 'rpm -e fast-weak' ;; esac
  wiped "$1"
}
# hold MANAGER: its lock, as a program of its kind holds it, until /run/go is there. dpkg and rpm lock a file, dnf and zypper write a number.
hold() {
  local file=/var/lib/dpkg/lock-frontend end=$((SECONDS + 10))
  on "$1" 'rm -f /run/go /run/held'
  case $1 in
    apt | yum)
      [ "$1" = apt ] || file=/var/lib/rpm/.rpm.lock
      podman exec -d "bv-$RUN-$1" perl -e 'use Fcntl; $0 = "fake-upgrades"; open my $f, ">>", $ARGV[0]; my $lock = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl $f, F_SETLK, $lock or die; open my $h, ">", "/run/held"; select undef, undef, undef, 0.1 until -e "/run/go"' "$file" ;;
    *)
      file=/run/zypp.pid
      [ "$1" = zypper ] || file=/var/cache/dnf/metadata_lock.pid
      podman exec -d "bv-$RUN-$1" perl -e '$0 = "fake-upgrades"; open my $f, ">", $ARGV[0]; print $f $$; close $f; open my $h, ">", "/run/held"; select undef, undef, undef, 0.1 until -e "/run/go"; unlink $ARGV[0]' "$file" ;;
  esac
  until on "$1" '[ -e /run/held ]'; do [ "$SECONDS" -lt "$end" ] || return 1; sleep .1; done
}
waits() {
  local runs end=$((SECONDS + 20))
  hold "$1"
  PLAYBOOKS=$TMP/fast-tool run "$1" init &
  runs=$!
  until grep -q 'waits: `fake-upgrades` (process [0-9]*) holds `/' "$TMP/$1.err" 2> /dev/null; do [ "$SECONDS" -lt "$end" ] || { cat "$TMP/$1.err"; return 1; }; sleep .1; done
  kill -0 "$runs"
  has "$1" fast-own-1.0
  on "$1" 'touch /run/go'
  wait "$runs"
  has "$1" 'fast-library-1.0 fast-own-1.0 fast-tool-1.0'
  wiped "$1"
}
impatient() {
  cp -r "$TMP/fast-tool" "$TMP/impatient-$1"
  sed -i 's/limit: .*/limit: 7/' "$TMP/impatient-$1/playbooks/init/10.yaml"
  hold "$1"
  install 1 "$1" "impatient-$1"
  says "$1" 'another program installs packages: `fake-upgrades` (process'
  on "$1" 'touch /run/go'
  has "$1" fast-own-1.0
  wiped "$1"
}
# cut MANAGER POINT VERB: the host dies there.
cut() {
  local status=0
  BIVOUAC_CUT=$1:1:$2 PLAYBOOKS=$TMP/fast-tool run "$1" "$3" 2> /dev/null || status=$?
  [ "$status" = 134 ] || { cat "$TMP/$1.err"; return 1; }
}
killed() {
  local point
  for point in record-after effect-after; do
    cut "$1" "$point" init
    wiped "$1"
    cut "$1" "$point" init
    install 0 "$1" fast-tool
    wiped "$1"
  done
  for point in undo-before undo-after; do
    install 0 "$1" fast-tool
    cut "$1" "$point" wipe
    wiped "$1"
  done
}
half() {
  cut "$1" record-after init
  case $1 in
    apt) on "$1" 'dpkg --unpack /srv/repo/fast-library_1.0.deb /srv/repo/fast-tool_1.0.deb > /dev/null' ;;
    *) on "$1" 'rpm -i --nosignature /srv/repo/fast-library-1.0.rpm' ;;
  esac
  wiped "$1"
}
broken() {
  local dir=/etc/yum.repos.d
  [ "$1" != zypper ] || dir=/etc/zypp/repos.d
  on "$1" "printf '[gone]\nname=gone\nbaseurl=file:///srv/gone\nenabled=1\nautorefresh=1\ngpgcheck=1\nskip_if_unavailable=1\n' > $dir/gone.repo"
  install 1 "$1" fast-tool
  says "$1" gone
  has "$1" fast-own-1.0
  on "$1" "rm $dir/gone.repo"
  wiped "$1"
}
unsigned() {
  install 1 "$1" fast-unsigned
  says "$1" 'not signed'
  has "$1" fast-own-1.0
  wiped "$1"
}
untrusted() {
  on "$1" 'rpm -e $(rpm -q gpg-pubkey); rm -rf /var/cache/zypp'
  install 1 "$1" fast-tool
  says "$1" 'Signature verification failed'
  has "$1" fast-own-1.0
  exits 0 "$1" wipe
  on "$1" 'rpm --import /srv/key.asc'
}
# A key that the package source names is trusted by the installation, and by nobody after the wipe.
keys() {
  install 0 "$1" fast-tool
  on "$1" 'rpm -q gpg-pubkey'
  wiped "$1"
  on "$1" '! rpm -q gpg-pubkey'
}
wide() { install 0 "$1" "$long" && on "$1" "rpm -q $long" && wiped "$1"; }

# c WHAT COMMAND...: one test; after one that failed the host is not what the next expects.
c() {
  local what=$1 before=$_failed
  shift
  [ -z "$stopped" ] || return 0
  t "$m: $what" "$@" "$m"
  [ "$before" = "$_failed" ] || stopped=1
}
all() { # MANAGER: its tests, in order.
  local m=$1 stopped=''
  c "a package and what it needs is installed, and nothing else; a second init changes nothing" installs
  c "a wipe removes exactly that" wiped
  c "what would upgrade the owner's is refused, with its name" upgrades
  c "what would replace the owner's is refused, with its name" replaces
  c "what is not to be had is refused, with its name" absent
  c "what a package of the owner's needs by now is kept and named; later it goes" needed
  c "changed configuration is kept and named; later it goes" changed
  c "what its owner added beside it stays" alone
  c "another program's lock is waited for, with its name" waits
  c "not for longer than the step may take" impatient
  c "killed at every point" killed
  c "half installed" half
  if [ "$m" != apt ]; then
    c "a package source that cannot be read stops it, with its name" broken
    c "a name that no table has room for" wide
  fi
  case $m in
    dnf | yum)
      c "what is not signed is refused" unsigned
      c "a key that was trusted on the way is not after a wipe" keys ;;
    zypper) c "a source whose key nobody trusts is refused" untrusted ;;
  esac
}
for m in $MANAGERS; do
  cluster_of "$m" "$(awk -v m="$m" '$1 == m { print $2 }' "$TMP/hosts")"
  repository "$m" > "$TMP/out" 2>&1 || { cat "$TMP/out"; exit 1; }
  packages "$m" > "$TMP/$m.packages"
  files "$m" > "$TMP/$m.files"
done
for m in $MANAGERS; do all "$m"; done
