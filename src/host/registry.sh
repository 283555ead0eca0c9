# shellcheck shell=sh
# Asks registries from a host, with curl; changes nothing. On stdin, one word and its values a line, base64
# where they may hold anything:
#   proxy URL NOPROXY           the way out; `-` for none
#   registry HOST CA LOGIN      what follows is there; CA and `user:password` in base64, or `-`
#   image REPOSITORY TAG ARCH
# Prints `image HOST/REPOSITORY:TAG WORD ...` for each: `there`, `missing`, `login`, `arch`, `unknown CAUSE`; or
# `unchecked` where there is no curl. Logins go to curl on its stdin: in arguments everybody would see them.

bv_reg_plain() { printf '%s' "$1" | base64 -d 2>/dev/null; }

# A value for curl's configuration.
bv_reg_quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

# bv_reg_curl URL CONFIG: headers and body, curl's own words behind them. The authority is at hand only as text.
# A registry may name any URL for its tokens: only https, or a login would go in clear, and a file of this host out.
# What curl is given here it takes in place of the system's authorities, of which the server of tokens may be.
bv_reg_curl() {
    {
        printf 'url = "%s"\n' "$(bv_reg_quoted "$1")"
        [ -z "$bv_reg_proxy" ] || printf 'proxy = "%s"\nnoproxy = "%s"\n' "$(bv_reg_quoted "$bv_reg_proxy")" "$(bv_reg_quoted "$bv_reg_noproxy")"
        printf '%s\n' "$2"
    } | {
        if [ -n "$bv_reg_ca" ]; then
            curl -q -sS -L --proto =https --proto-redir =https --max-redirs 5 --connect-timeout 10 -m 30 -D - --cacert /dev/fd/3 -K - 3<<CA
$(bv_system_ca)
$bv_reg_ca
CA
        else
            curl -q -sS -L --proto =https --proto-redir =https --max-redirs 5 --connect-timeout 10 -m 30 -D - -K -
        fi
    } 2>&1
}

bv_reg_accept='header = "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"'

# The last status of an answer.
bv_reg_status() { printf '%s\n' "$1" | tr -d '\r' | sed -n 's/^HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' | tail -n 1; }

# bv_reg_manifest REPOSITORY TAG: the answer to a question for a manifest, into bv_reg_answer.
bv_reg_manifest() {
    bv_reg_url=https://$bv_reg_server/v2/$1/manifests/$2
    bv_reg_user=
    [ -z "$bv_reg_login" ] || bv_reg_user="user = \"$(bv_reg_quoted "$bv_reg_login")\""
    bv_reg_answer=$(bv_reg_curl "$bv_reg_url" "$bv_reg_accept
$bv_reg_user") || { bv_reg_failed; return; }
    [ "$(bv_reg_status "$bv_reg_answer")" = 401 ] || return 0
    bv_reg_asks=$(printf '%s\n' "$bv_reg_answer" | tr -d '\r' | sed -n 's/^[Ww][Ww][Ww]-[Aa]uthenticate: *[Bb]earer *//p' | tail -n 1)
    bv_reg_realm=$(printf '%s\n' "$bv_reg_asks" | sed -n 's/.*realm="\([^"]*\)".*/\1/p')
    [ -n "$bv_reg_realm" ] || return 0
    bv_reg_service=$(printf '%s\n' "$bv_reg_asks" | sed -n 's/.*service="\([^"]*\)".*/\1/p')
    bv_reg_answer=$(bv_reg_curl "$bv_reg_realm?service=$bv_reg_service&scope=repository:$1:pull" "$bv_reg_user") || { bv_reg_failed; return; }
    bv_reg_token=$(printf '%s\n' "$bv_reg_answer" | sed -n 's/.*"\(access_\)\{0,1\}token" *: *"\([^"]*\)".*/\2/p' | tail -n 1)
    [ -n "$bv_reg_token" ] || return 0
    bv_reg_answer=$(bv_reg_curl "$bv_reg_url" "$bv_reg_accept
header = \"Authorization: Bearer $bv_reg_token\"") || bv_reg_failed
}

# Of a question that had no answer only curl's own words count: what a proxy said on the way is no registry's.
bv_reg_failed() { bv_reg_answer=$(printf '%s\n' "$bv_reg_answer" | grep '^curl:'); }

bv_reg_image() {
    bv_reg_manifest "$1" "$2"
    case $(bv_reg_status "$bv_reg_answer") in
    200)
        # An index names its platforms; a manifest of one image does not.
        if printf '%s' "$bv_reg_answer" | grep -q '"manifests"' &&
            ! printf '%s' "$bv_reg_answer" | grep -q "\"architecture\" *: *\"$3\""; then
            echo arch
        else
            echo there
        fi
        ;;
    401 | 403) echo login ;;
    404) echo missing ;;
    '') echo "unknown $(printf '%s\n' "$bv_reg_answer" | sed -n 's/^curl: *//p' | tail -n 1)" ;;
    *) echo "unknown the status $(bv_reg_status "$bv_reg_answer")" ;;
    esac
}

bv_reg_proxy='' bv_reg_noproxy=''
command -v curl >/dev/null 2>&1 || { echo unchecked; exit 0; }
while read -r bv_reg_word bv_reg_one bv_reg_two bv_reg_three; do
    case $bv_reg_word in
    proxy)
        bv_reg_proxy=$(bv_reg_plain "$bv_reg_one") bv_reg_noproxy=$bv_reg_two
        ;;
    registry)
        bv_reg_host=$bv_reg_one bv_reg_ca='' bv_reg_login=''
        bv_reg_server=$bv_reg_host
        [ "$bv_reg_host" != docker.io ] || bv_reg_server=registry-1.docker.io
        [ "$bv_reg_two" = - ] || bv_reg_ca=$(bv_reg_plain "$bv_reg_two")
        [ "$bv_reg_three" = - ] || bv_reg_login=$(bv_reg_plain "$bv_reg_three")
        ;;
    image) echo "image $bv_reg_host/$bv_reg_one:$bv_reg_two $(bv_reg_image "$bv_reg_one" "$bv_reg_two" "$bv_reg_three" </dev/null)" ;;
    esac
done
