# The weak world: a host as engineers leave it after `apt-get install docker.io`.
# Every string "planted-secret" is one that no output of any tool may show.

step "settings"
# Hand-made on purpose (indentation, tab, trailing blanks, no last newline): a rollback must give back these very bytes.
printf '{\n      "log-level":"debug",\n  "labels" : [ "team=lab" ],   \n\n\t"max-concurrent-downloads": 3 }' >/etc/docker/daemon.json
mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/systemd/system/docker.service.d/proxy.conf <<'UNIT'
[Service]
Environment="HTTP_PROXY=http://builder:planted-secret-proxy@proxy.example:3128" "NO_PROXY=localhost"
UNIT
systemctl daemon-reload
systemctl restart docker

step "audit rules of others"
cat >/etc/audit/rules.d/50-site.rules <<'RULES'
## Site policy, not ours to touch.
-w /etc/passwd -p wa -k identity
-a always,exit -F arch=b64 -S sethostname -F key=site-hostname
RULES
augenrules --load >/dev/null

import lab/busybox:1
import lab/app:1 'USER 1000:1000'
import lab/secretive:1 'ENV API_KEY=planted-secret-image'
import lab/store:1 'VOLUME /data'
rm -rf "$tree"

step "networks and volumes"
docker network create app-net >/dev/null
docker network create edge-net >/dev/null
docker volume create db-data >/dev/null

step "containers"
run() { docker run -d --name "$@" >/dev/null; }
run web --restart always -p 8080:8080 lab/busybox:1 serve
run cache --restart unless-stopped lab/busybox:1
run worker --restart on-failure:3 lab/app:1 idle --password=planted-secret-cmd
run batch --restart no --health-cmd 'PASSWORD=planted-secret-health true' --health-interval 30s lab/busybox:1
run db --restart unless-stopped --network app-net -v db-data:/data -e DB_PASSWORD=planted-secret-env lab/store:1
run api --restart always --network app-net --network-alias backend --label lab.token=planted-secret-label lab/secretive:1
docker network connect --alias public-api edge-net api
run queue --restart on-failure:3 lab/store:1
run backup --restart unless-stopped --privileged lab/busybox:1
run ci --restart always -v /var/run/docker.sock:/var/run/docker.sock lab/busybox:1
run logger --restart no --label com.example.team=ops --log-opt max-size=1m --log-opt max-file=2 lab/busybox:1
docker run --name old lab/busybox:1 true
docker exec queue sh -c 'echo kept >/data/anonymous-volume'
docker exec db sh -c 'echo kept >/data/named-volume'
