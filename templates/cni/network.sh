#!/bin/sh
# The pod network of this node (bivouac): routes to the other nodes' pods, and masquerading of what
# pods send outside of the cluster. `up` can be repeated, with other nodes too.
{%- set own = values.pod_cidrs | split(pat=" ") %}
set -eu

# The other nodes' pods, and by which address of theirs they are reached.
routes() {
    cat <<'ROUTES'
{%- for line in values.pod_routes | split(pat="\n") %}
{%- for range in line | split(pat=" ") %}
{%- if "/" in range and range not in own %}
{%- for via in line | split(pat=" ") %}
{%- if via and "/" not in via and (":" in via) == (":" in range) %}
{{ range }} {{ via }}
{%- endif %}
{%- endfor %}
{%- endif %}
{%- endfor %}
{%- endfor %}
ROUTES
}

# The option of `ip` for the family of a network.
family() { case $1 in *:*) echo -6 ;; *) echo -4 ;; esac; }

# masquerade TOOL MULTICAST OWN ALL
masquerade() {
    "$1" -w -t nat -N BIVOUAC-MASQ 2>/dev/null || "$1" -w -t nat -F BIVOUAC-MASQ
    "$1" -w -t nat -A BIVOUAC-MASQ -d "$2" -j RETURN
    "$1" -w -t nat -A BIVOUAC-MASQ -s "$3" ! -d "$4" -j MASQUERADE
    "$1" -w -t nat -C POSTROUTING -j BIVOUAC-MASQ 2>/dev/null || "$1" -w -t nat -A POSTROUTING -j BIVOUAC-MASQ
}

# Takes away routes into the network $1 of nodes that left, and of ranges that others had before.
stale() {
    ip "$(family "$1")" route show root "$1" | while read -r range via _; do
        [ "$via" = via ] || continue
        routes | grep -q "^$range " || ip "$(family "$1")" route del "$range"
    done
}

case ${1:-} in
up)
{%- for range in own %}
{%- for all in network.pod_subnet | split(pat=",") %}
{%- if (":" in range) == (":" in all) %}
    masquerade {% if ":" in range %}ip6tables ff00::/8{% else %}iptables 224.0.0.0/4{% endif %} {{ range | shell }} {{ all | shell }}
{%- endif %}
{%- endfor %}
{%- endfor %}
    routes | while read -r range via; do ip "$(family "$range")" route replace "$range" via "$via"; done
{%- for all in network.pod_subnet | split(pat=",") %}
    stale {{ all | shell }}
{%- endfor %}
    ;;
down)
    for tool in iptables{% if network.dual %} ip6tables{% endif %}; do
        "$tool" -w -t nat -D POSTROUTING -j BIVOUAC-MASQ 2>/dev/null || :
        "$tool" -w -t nat -F BIVOUAC-MASQ 2>/dev/null || :
        "$tool" -w -t nat -X BIVOUAC-MASQ 2>/dev/null || :
    done
    routes | while read -r range via; do ip "$(family "$range")" route del "$range" via "$via" 2>/dev/null || :; done
    ;;
esac
