# The sound world: the same kind of host after the findings of the five stories were fixed.

step "settings"
cat >/etc/docker/daemon.json <<'JSON'
{
  "icc": false,
  "live-restore": true,
  "log-level": "info",
  "no-new-privileges": true,
  "userland-proxy": false
}
JSON
systemctl restart docker

step "audit rules"
# /run is empty when auditd loads its rules at boot: without the folder every later rule would be lost.
echo 'd /run/containerd 0711 root root -' >/etc/tmpfiles.d/cofferdam.conf
for arch in b64 b32; do
    for target in path=/usr/sbin/dockerd path=/etc/docker/daemon.json dir=/etc/docker \
        dir=/run/containerd path=/run/containerd/containerd.sock; do
        echo "-a always,exit -F arch=$arch -F $target -F perm=wa -k docker"
    done
done >/etc/audit/rules.d/docker.rules
augenrules --load >/dev/null

import lab/busybox:1 'USER 1000:1000'
rm -rf "$tree"

step "networks, volumes, secrets"
docker network create app-net >/dev/null
docker network create edge-net >/dev/null
docker volume create db-data >/dev/null
# The secret is where it belongs, in a file; it must not be shown either.
install -d -m 711 /srv/secrets
install -m 400 -o 1000 -g 1000 /dev/stdin /srv/secrets/db-password <<<'planted-secret-file'

step "containers"
run() {
    docker run -d --memory 64m --memory-swap 64m --pids-limit 100 --restart on-failure:5 --read-only --user 1000:1000 \
        --cap-drop ALL --security-opt no-new-privileges --name "$@" >/dev/null
}
run web --network edge-net -p 127.0.0.1:8080:8080 lab/busybox:1 serve
run api --network app-net --network-alias backend lab/busybox:1
docker network connect --alias public-api edge-net api
run db --network app-net -v db-data:/data -v /srv/secrets/db-password:/run/secrets/db-password:ro \
    -e DB_PASSWORD_FILE=/run/secrets/db-password lab/busybox:1
run worker --network app-net --tmpfs /tmp:rw,noexec,nosuid,size=8m lab/busybox:1
