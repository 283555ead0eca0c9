# What a step uploads comes on its standard input, or the host fetches it by itself from the URL BV_URL with
# BV_CLIENT; a token for that, a line, comes on standard input then, so that it is in no argument.

# What this host can fetch $1 with: `curl`, `wget`, `bash` (only http), or `none`. The wget of busybox would
# want the token among its arguments.
bv_client() {
    if command -v curl >/dev/null; then
        echo curl
    elif command -v wget >/dev/null && wget --version 2>/dev/null | grep -q '^GNU Wget'; then
        echo wget
    else
        case $1 in
        http://*) if command -v bash >/dev/null; then echo bash; else echo none; fi ;;
        *) echo none ;;
        esac
    fi
}

# Adds to file $1 what is missing of its $2 bytes.
bv_receive() {
    if [ -z "${BV_URL:-}" ]; then
        cat >>"$1"
        return
    fi
    bv_token=
    IFS= read -r bv_token || :
    bv_at=$(stat -c %s -- "$1" 2>/dev/null || echo 0)
    [ "$bv_at" -lt "$2" ] || return 0
    bv_said=$(bv_served "$1" "$bv_at" 2>&1) && return
    bv_die "\`$BV_URL\` cannot be fetched with $BV_CLIENT: $(printf '%s' "$bv_said" | tr '\n' ' ')"
}

# Appends what is behind the URL, from byte $2 on, to file $1; says why not. A server that is silent for a
# minute is given up.
bv_served() {
    case $BV_CLIENT in
    curl)
        # The server is in the site: no proxy is between.
        printf 'header = "Authorization: Bearer %s"\n' "$bv_token" |
            curl -q -K - -fsS --noproxy '*' --connect-timeout 15 --speed-limit 1 --speed-time 60 -r "$2-" -- "$BV_URL" >>"$1"
        ;;
    wget)
        # It reads its settings from a file only: root's alone, and gone with the run.
        rm -f "$BV_LIVE/wgetrc"
        (umask 077 && printf 'header = Authorization: Bearer %s\n' "$bv_token" >"$BV_LIVE/wgetrc") || return 1
        wget --config="$BV_LIVE/wgetrc" -nv --no-proxy --tries=1 --timeout=60 --start-pos="$2" -O - -- "$BV_URL" >>"$1"
        bv_status=$?
        rm -f "$BV_LIVE/wgetrc"
        return "$bv_status"
        ;;
    bash)
        # shellcheck disable=SC2094 # it asks for the size only
        # shellcheck disable=SC2016 # bash expands it
        printf '%s\n' "$bv_token" | bash -c '
            rest=${1#http://}
            address=${rest%%/*}
            host=${address%:*}
            host=${host#[}
            IFS= read -r token
            exec 3<>"/dev/tcp/${host%]}/${address##*:}" || exit 1
            printf "GET /%s HTTP/1.0\r\nHost: %s\r\nAuthorization: Bearer %s\r\nRange: bytes=%s-\r\n\r\n" \
                "${rest#*/}" "$address" "$token" "$2" >&3
            IFS= read -r -t 60 status <&3 || { echo "no answer within 60 s" >&2; exit 1; }
            case $status in
            *" 20"[06]*) ;;
            *) echo "the server says ${status%?}" >&2; exit 1 ;;
            esac
            while IFS= read -r -t 60 line <&3 && [ "${line%?}" ]; do :; done
            has=$2
            while :; do
                waited=0
                until read -r -t 0 <&3; do
                    [ "$waited" -lt 600 ] || { echo "the server was silent for 60 s" >&2; exit 1; }
                    waited=$((waited + 1))
                    sleep 0.1
                done
                dd bs=1M count=1 <&3 2>/dev/null || exit 1
                had=$has
                has=$(stat -c %s -- "$3")
                [ "$has" -gt "$had" ] || break
            done' bash "$BV_URL" "$2" "$1" >>"$1"
        ;;
    *) echo "there is neither curl, wget nor bash" >&2 && return 1 ;;
    esac
}
