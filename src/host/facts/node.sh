# Of a host that is a node: the version of its kubelet, and of a control plane the certificates, a line of their text each. Nothing but
# certificates is told; who is no node runs nothing here.

if [ -s /etc/kubernetes/kubelet.conf ]; then
    for file in /usr/local/bin/kubelet /usr/bin/kubelet; do
        [ -x "$file" ] || continue
        say kubelet_version "$(timeout 5 "$file" --version 2>/dev/null | sed -n 's/^Kubernetes //p')"
        break
    done
fi
if [ -s /etc/kubernetes/pki/apiserver.crt ]; then
    say certificate -
    # shellcheck disable=SC2016 # awk's own
    certificate='
        /^-----BEGIN CERTIFICATE-----/ { inside = file != FILENAME || path != ""; file = FILENAME; next }
        /^-----/ { if (inside && path != "") exit; inside = 0 }
        inside { gsub(/[ \t\r]/, ""); print "certificate " (path != "" ? path : FILENAME) " " $0 }'
    awk "$certificate" /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt 2>/dev/null
    for file in /etc/kubernetes/admin.conf /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf; do
        [ ! -r "$file" ] || sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | awk -v path="$file" "$certificate"
    done
fi
