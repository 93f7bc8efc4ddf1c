#!/bin/sh
# Boots a real systemd in namespaces of its own: `unshare ... sh boot.sh PLACE PATH...`.
#
# Everything is written to an overlay over the root of this machine, and gone with it. PLACE is an
# empty directory for its mounts; each PATH is shown inside as it is here (the repository, Python).
set -eu
place=$1
shift
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
root=$place/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for path in "$@"; do
  mkdir -p "$place/keep$path"
  mount --rbind "$path" "$place/keep$path"
done
for directory in run tmp dev; do
  mount -t tmpfs -o mode=0755 tmpfs "$root/$directory"
done
chmod 1777 "$root/tmp"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for path in "$@"; do
  mkdir -p "$root$path"
  mount --rbind "$place/keep$path" "$root$path"
done
# What this machine starts at boot is none of the tests' business.
rm -rf "$root/etc/systemd/system"
mkdir -p "$root/etc/systemd/system" "$root/oldroot"
: >"$root/etc/machine-id"
cd "$root"
pivot_root . oldroot
umount -l /oldroot
ip link set lo up 2>/dev/null || true
exec env -i container=watchdog-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=basic.target --log-target=journal
