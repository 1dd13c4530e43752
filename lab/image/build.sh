#!/bin/bash
# Makes the disk of a lab host from Debian packages: base.qcow2, vmlinuz, initrd and the ssh key, in OUT.
# Run by lab::image as: build.sh OUT RELEASE PACKAGE... ; its text is part of the cache key.
set -euo pipefail
out=$1 release=$2
shift 2
packages=$(IFS=,; echo "$*")
root=$out/root
say() { printf 'step: %s\n' "$*"; }

say "ssh key"
ssh-keygen -q -t ed25519 -N '' -C cofferdam-lab -f "$out/ssh_key"

# A virtual machine has virtio devices only: the other drivers are nine tenths of the kernel package.
drivers=/lib/modules/*/kernel/drivers
keep=()
for part in block/loop.ko block/virtio_blk.ko virtio char/hw_random char/virtio_console.ko md \
    net/veth.ko net/virtio_net.ko net/net_failover.ko net/dummy.ko net/tun.ko net/macvlan.ko net/vxlan; do
    keep+=(--dpkgopt="path-include=$drivers/$part" --dpkgopt="path-include=$drivers/$part/*")
done

say "packages of Debian $release"
mmdebstrap --quiet --mode=root --variant=apt --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt="path-exclude=$drivers/*" "${keep[@]}" \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
    --dpkgopt='force-unsafe-io' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/etc/initramfs-tools/hooks"' \
    --essential-hook='printf "MODULES=list\nCOMPRESS=zstd\nRESUME=none\n" >"$1/etc/initramfs-tools/conf.d/lab"' \
    --essential-hook='printf "#!/bin/sh\n[ \"\$1\" = prereqs ] && exit 0\n. /usr/share/initramfs-tools/hook-functions\nmanual_add_modules virtio_pci virtio_blk ext4 crc32c_generic crc32c_intel\n" >"$1/etc/initramfs-tools/hooks/lab"' \
    --essential-hook='chmod 755 "$1/etc/initramfs-tools/hooks/lab"' \
    --customize-hook='rm -rf "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/*' \
    "$release" "$root"

say "settings"
install -d -m 700 "$root/root/.ssh"
install -m 600 "$out/ssh_key.pub" "$root/root/.ssh/authorized_keys"
echo lab >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 lab\n' >"$root/etc/hosts"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
printf '[Match]\nName=en*\n\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/80-dhcp.network"
# Reverse look-ups of the client have no name server to ask.
printf 'UseDNS no\n' >"$root/etc/ssh/sshd_config.d/lab.conf"
chroot "$root" systemctl --quiet enable systemd-networkd docker.service docker.socket auditd ssh
# Background work of Debian would change the host between a resume and a test.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer \
    e2scrub_all.timer fstrim.timer logrotate.timer e2scrub_reap.service

say "file system"
cp -L "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp -L "$root"/boot/initrd.img-* "$out/initrd"
rm -f "$root"/boot/initrd.img-* "$root"/var/cache/apt/archives/*.deb
# Lazy initialisation would leave a kernel thread writing to the disk after the first mount.
mke2fs -q -t ext4 -L lab -E lazy_itable_init=0,lazy_journal_init=0 -d "$root" "$out/root.img" 8G

say "disk image"
qemu-img convert -f raw -O qcow2 "$out/root.img" "$out/base.qcow2"
rm -rf "$root" "$out/root.img"
