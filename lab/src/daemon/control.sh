#!/bin/sh
# Service commands of one lab daemon: control.sh start|stop|restart. Says nothing, also when the process that wrote it is dead.
# Filled in by lab::Daemon: FOLDER, HOLDER, the engine's BIN folder and the daemon's own flags.
folder=@FOLDER@
holder=@HOLDER@
bin=@BIN@
pidfile=$folder/docker.pid

# A dead process that nobody has reaped still has a number; for us it's gone.
alive() { [ -n "$1" ] && grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }

stop() {
    pid=$(cat "$pidfile" 2>/dev/null)
    alive "$pid" || return 0
    kill -TERM "$pid"
    tries=600
    while alive "$pid"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || kill -KILL "$pid"
        sleep 0.1
    done
}

start() {
    alive "$(cat "$pidfile" 2>/dev/null)" && return 0
    # A number whose process isn't reaped yet: dockerd refuses to start beside its own, and waits in vain for that containerd.
    rm -f "$pidfile"
    alive "$(cat "$folder/exec/containerd/containerd.pid" 2>/dev/null)" || rm -f "$folder/exec/containerd/containerd.pid"
    setsid nsenter --net="/proc/$holder/ns/net" --mount="/proc/$holder/ns/mnt" -- \
        env "PATH=$bin:$PATH" "$bin/dockerd" -H "unix://$folder/docker.sock" --data-root "$folder/root" --exec-root "$folder/exec" \
        --pidfile "$pidfile" --config-file "$folder/daemon.json" @FLAGS@ \
        </dev/null >>"$folder/docker.log" 2>&1 &
    daemon=$!
    tries=600
    until [ "$(curl -s --max-time 2 --unix-socket "$folder/docker.sock" http://docker/_ping 2>/dev/null)" = OK ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] && alive "$daemon" || return 1
        sleep 0.1
    done
}

case $1 in
start) start ;;
stop) stop ;;
restart) stop && start ;;
*) exit 2 ;;
esac
