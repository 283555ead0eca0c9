# What a host downloads by itself, before anything on it is changed: into $BV/content/fetched, which goes
# when the run ends. $BV/fetched remembers what was in an archive, so that a second run knows without it
# what is installed already: lines `ARCHIVE-SUM MEMBER SUM SIZE`.
#
# How servers are reached is said by variables of this shell, not by its environment, and handed on in files
# of mode 0600 below $BV_LIVE: BV_PROXY_HTTP, BV_PROXY_HTTPS, BV_NO_PROXY, BV_CA (certificates, PEM).

BV_FETCHED=$BV/content/fetched

# Whether a file that was downloaded is what it should be: bv_fetched_is FILE SUM.
bv_fetched_is() { [ -f "$1" ] && bv_sum "$1" && [ "$bv_sum" = "$2" ]; }

# Prints `MEMBER SUM SIZE` for what is here of a file with sum $1 already, installed or downloaded by an
# earlier try; fails unless all of it is. Then come groups MEMBER TARGET MODE OWNER; the member of a file that
# is a program itself is `-`.
bv_fetch_here() {
    bv_whole_sum=$1
    shift
    bv_lines=
    while [ $# -gt 0 ]; do
        if [ "$1" = - ]; then
            bv_known=$bv_whole_sum bv_place=$BV_FETCHED/$bv_whole_sum
        else
            bv_place=$BV_FETCHED/$bv_whole_sum.d/${1##*/}
            bv_known=$(BV_A=$bv_whole_sum BV_M=$1 awk '$1 == ENVIRON["BV_A"] && $2 == ENVIRON["BV_M"] { sum = $3 } END { print sum }' "$BV/fetched" 2>/dev/null)
        fi
        [ -n "$bv_known" ] || return 1
        if bv_path_is "$2" "$3" "$4" "$bv_known"; then
            bv_place=$2
        elif ! bv_fetched_is "$bv_place" "$bv_known"; then
            return 1
        fi
        bv_lines="$bv_lines$1 $bv_known $(stat -c %s -- "$bv_place")$BV_NL"
        shift 4
    done
    printf '%s' "$bv_lines"
}

# Downloads a file and takes programs out of it: bv_fetch URL SUM [MEMBER TARGET MODE OWNER]... Prints `MEMBER
# SUM SIZE` for each.
bv_fetch() {
    bv_url=$1 bv_whole_sum=$2
    shift 2
    if bv_fetch_here "$bv_whole_sum" "$@"; then
        return
    fi
    (umask 077 && mkdir -p "$BV_FETCHED") || bv_die "\`$BV_FETCHED\` cannot be made"
    bv_file=$BV_FETCHED/$bv_whole_sum
    if ! bv_fetched_is "$bv_file" "$bv_whole_sum"; then
        # Whole, but cut off before it had its name: there is nothing behind its end to ask for.
        bv_fetched_is "$bv_file.part" "$bv_whole_sum" || bv_get "$bv_url" "$bv_file.part"
        bv_sum "$bv_file.part" || bv_die "\`$bv_url\`: nothing came"
        if [ "$bv_sum" != "$bv_whole_sum" ]; then
            rm -f -- "$bv_file.part"
            bv_die "\`$bv_url\`: its checksum is wrong: expected SHA-256 $bv_whole_sum, found $bv_sum"
        fi
        mv -f -- "$bv_file.part" "$bv_file" || bv_die "\`$bv_file\` cannot be written"
    fi
    if [ "$1" = - ]; then
        echo "- $bv_whole_sum $(stat -c %s -- "$bv_file")"
        return
    fi
    mkdir -p "$bv_file.d" || bv_die "\`$bv_file.d\` cannot be made"
    bv_list=$(tar -tzf "$bv_file") || bv_die "the archive \`$bv_url\` cannot be read"
    while [ $# -gt 0 ]; do
        # Some write `./NAME`. Only this one is taken, whatever else is there.
        bv_member=$(printf '%s\n' "$bv_list" | BV_M=$1 awk '{ name = $0; sub(/^\.\//, "", name) } name == ENVIRON["BV_M"]')
        case $bv_member in
        '') bv_die "the archive \`$bv_url\`: it has no member \`$1\`" ;;
        *"$BV_NL"*) bv_die "the archive \`$bv_url\`: its member \`$1\` is there twice" ;;
        esac
        bv_out=$bv_file.d/${1##*/}
        tar -xzOf "$bv_file" -- "$bv_member" >"$bv_out" || bv_die "the archive \`$bv_url\`: \`$1\` cannot be taken out of it"
        [ -s "$bv_out" ] || bv_die "the archive \`$bv_url\`: its member \`$1\` is no plain file"
        bv_sum "$bv_out"
        bv_line="$1 $bv_sum $(stat -c %s -- "$bv_out")"
        echo "$bv_whole_sum $bv_line" >>"$BV/fetched"
        echo "$bv_line"
        shift 4
    done
    # The archive has done its work.
    rm -f -- "$bv_file"
}

# Downloads $1 to file $2, with a few tries, each of which goes on where the one before broke off.
bv_get() {
    bv_tries=1
    while :; do
        if command -v curl >/dev/null; then bv_curl "$1" "$2"; else bv_wget "$1" "$2"; fi && return
        if [ "$bv_again" = no ] || [ "$bv_tries" -ge 4 ]; then
            bv_die "\`$1\`: $bv_said"
        fi
        sleep "$bv_tries"
        bv_tries=$((bv_tries + 1))
    done
}

# One file of certificates that are trusted: the system's and ours. For curl, which takes one file only.
bv_ca() {
    [ -n "${BV_CA:-}" ] || return 1
    bv_ca_file=$BV_LIVE/ca.pem
    {
        bv_system_ca
        printf '%s\n' "$BV_CA"
    } >"$bv_ca_file" || bv_die "\`$bv_ca_file\` cannot be written"
}

# Never from https to http.
bv_curl() {
    case $1 in https:*) bv_schemes='=https' ;; *) bv_schemes='=http,https' ;; esac
    (
        umask 077
        {
            printf '%s\n' silent show-error fail location 'max-redirs = 5' "proto = \"$bv_schemes\"" "proto-redir = \"$bv_schemes\"" \
                'connect-timeout = 15' 'speed-limit = 1' 'speed-time = 30' 'max-filesize = 2147483648' "url = \"$1\"" "output = \"$2\""
            [ ! -s "$2" ] || echo 'continue-at = "-"'
            case $1 in https:*) bv_proxy=${BV_PROXY_HTTPS:-} ;; *) bv_proxy=${BV_PROXY_HTTP:-} ;; esac
            printf 'proxy = "%s"\nnoproxy = "%s"\n' "$bv_proxy" "${BV_NO_PROXY:-}"
            if bv_ca; then echo "cacert = \"$bv_ca_file\""; fi
        } >"$BV_LIVE/curlrc"
    ) || bv_die "\`$BV_LIVE/curlrc\` cannot be written"
    bv_said=$(curl -q --config "$BV_LIVE/curlrc" 2>&1)
    bv_status=$?
    rm -f "$BV_LIVE/curlrc" "$BV_LIVE/ca.pem"
    [ "$bv_status" -ne 0 ] || return 0
    bv_again=yes
    bv_said=$(printf '%s\n' "$bv_said" | sed -n 1p)
    case $bv_status in
    # No such name, too large, a certificate, a redirect: the next try would say the same.
    1 | 3 | 5 | 6 | 47 | 51 | 58 | 60 | 63 | 77) bv_again=no ;;
    22) case $bv_said in *error:\ 4*) bv_again=no ;; esac ;;
    33) rm -f -- "$2" ;;
    18) bv_said="the download was cut off after $(stat -c %s -- "$2" 2>/dev/null || echo 0) bytes: $bv_said" ;;
    28) bv_said="its server was silent: $bv_said" ;;
    esac
    return 1
}

bv_wget() {
    (
        umask 077
        {
            printf '%s\n' 'connect_timeout = 15' 'read_timeout = 30' 'dns_timeout = 15' 'tries = 1' 'max_redirect = 5' 'continue = on' 'verbose = off'
            [ -z "${BV_PROXY_HTTP:-}${BV_PROXY_HTTPS:-}" ] || echo 'use_proxy = on'
            printf 'http_proxy = %s\nhttps_proxy = %s\nno_proxy = %s\n' "${BV_PROXY_HTTP:-}" "${BV_PROXY_HTTPS:-}" "${BV_NO_PROXY:-}"
            if bv_ca; then echo "ca_certificate = $bv_ca_file"; fi
        } >"$BV_LIVE/wgetrc"
    ) || bv_die "\`$BV_LIVE/wgetrc\` cannot be written"
    bv_said=$(WGETRC=$BV_LIVE/wgetrc LC_ALL=C wget -O "$2" -- "$1" 2>&1)
    bv_status=$?
    rm -f "$BV_LIVE/wgetrc" "$BV_LIVE/ca.pem"
    [ "$bv_status" -ne 0 ] || return 0
    bv_again=yes
    case $bv_said in *'ERROR 4'*) bv_again=no ;; esac
    [ "$bv_status" -ne 5 ] || bv_again=no
    bv_said="wget: $(printf '%s\n' "$bv_said" | grep -iE 'error|fail|certificate|unable|refused|expired' | tail -n 1)"
    return 1
}

# What was downloaded goes.
bv_stage_end() { rm -rf "$BV_FETCHED" "$BV_LIVE/curlrc" "$BV_LIVE/wgetrc" "$BV_LIVE/ca.pem"; }

# Package managers go through the proxy too, for the time of one step. apt is told by a file, which only root
# reads; the others read the environment alone.
bv_proxied() {
    if [ -z "${BV_PROXY_HTTP:-}${BV_PROXY_HTTPS:-}" ]; then
        # Where cluster.yaml has none, it is the one that the login has (ssh/loop.sh).
        [ -z "${bv_login_http:-}" ] || export http_proxy="$bv_login_http"
        [ -z "${bv_login_https:-}" ] || export https_proxy="$bv_login_https"
        [ -z "${bv_login_no:-}" ] || export no_proxy="$bv_login_no"
        return 0
    fi
    if command -v apt-get >/dev/null; then
        (
            umask 077
            {
                [ -z "${BV_PROXY_HTTP:-}" ] || echo "Acquire::http::Proxy \"$BV_PROXY_HTTP\";"
                [ -z "${BV_PROXY_HTTPS:-}" ] || echo "Acquire::https::Proxy \"$BV_PROXY_HTTPS\";"
                printf '%s' "${BV_NO_PROXY:-}" | tr , '\n' | grep -E '^[A-Za-z0-9][A-Za-z0-9.-]*$' | sed 's/.*/Acquire::http::Proxy::& "DIRECT";\
Acquire::https::Proxy::& "DIRECT";/'
            } >"$BV_LIVE/apt.conf"
        ) || bv_die "\`$BV_LIVE/apt.conf\` cannot be written"
        export APT_CONFIG="$BV_LIVE/apt.conf"
    else
        export http_proxy="${BV_PROXY_HTTP:-}" https_proxy="${BV_PROXY_HTTPS:-}" no_proxy="${BV_NO_PROXY:-}"
    fi
}
