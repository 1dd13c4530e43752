# make_tree DIR BUSYBOX: the file tree of the lab's container images, from one static busybox.
# Used in the guest by the worlds and on the machine by lab::Daemon.
make_tree() {
    for folder in bin etc root www data tmp; do mkdir -p "$1/$folder"; done
    chmod 1777 "$1/tmp" "$1/data"
    cp "$2" "$1/bin/busybox"
    for applet in sh cat date echo env false grep httpd id ls mkdir mount nc ping ps rm sleep sync test touch true wc wget; do
        ln -s busybox "$1/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n' >"$1/etc/passwd"
    echo lab >"$1/www/index.html"
    # PID 1 gets no default signal handling: without the trap every stop would take ten seconds.
    printf '#!/bin/sh\ntrap "exit 0" TERM INT\nsleep 2147483647 &\nwait\n' >"$1/bin/idle"
    printf '#!/bin/sh\ntrap "exit 0" TERM INT\nhttpd -f -p 8080 -h /www &\nwait\n' >"$1/bin/serve"
    chmod 755 "$1/bin/idle" "$1/bin/serve"
}
