#!/bin/sh
# Makes the certificates of tests/tcp.rs anew, in this folder: valid for a hundred years but for the one that has expired. Needs openssl.
# The keys guard nothing: they are in a public repository.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
authority() {
    key "$work/$1.key"
    openssl req -x509 -new -key "$work/$1.key" -subj "/CN=cofferdam test $1" -days 36500 -out "$1.pem" \
        -addext "keyUsage=critical,keyCertSign,cRLSign"
}
# signed CA NAME KEY EXTENSIONS FROM TO
signed() {
    openssl req -new -key "$3" -subj "/CN=cofferdam test $2" -out "$work/$2.csr"
    printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[e]\nbasicConstraints=critical,CA:FALSE\n%s\n' \
        "$work" "$work" "$work" "$4" >"$work/config"
    : >"$work/index"
    echo 01 >"$work/serial"
    openssl ca -batch -notext -config "$work/config" -extensions e -cert "$1.pem" -keyfile "$work/$1.key" -in "$work/$2.csr" \
        -startdate "$5" -enddate "$6" -out "$2.pem" 2>/dev/null
}
authority ca
authority stranger-ca
key server-key.pem
key client-key.pem
openssl pkcs8 -topk8 -in client-key.pem -passout pass:test -out encrypted-key.pem
from=20240101000000Z
to=21240101000000Z
server='extendedKeyUsage=serverAuth'
here='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
client='extendedKeyUsage=clientAuth'
signed ca server server-key.pem "$server
$here" $from $to
signed ca expired server-key.pem "$server
$here" 20200101000000Z 20210101000000Z
signed ca early server-key.pem "$server
$here" 21000101000000Z $to
signed ca other-name server-key.pem "$server
subjectAltName=DNS:other.example" $from $to
signed ca no-name server-key.pem "$server" $from $to
signed ca client client-key.pem "$client" $from $to
signed stranger-ca stranger client-key.pem "$client" $from $to
