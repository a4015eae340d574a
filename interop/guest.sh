#!/bin/sh
# Runs a shell script in a small virtual machine with a kernel of its own, where cgroups are v2 alone or v1 alone.
#
#   guest.sh SCRIPT [FILE...]
#
# SCRIPT runs as `sh /guest/script` (busybox) in /guest, as root, in the root cgroup; each FILE (or
# directory) lies beside it under its base name, with the libraries it is linked to. What it prints
# is printed here, its exit status is ours, and what it leaves in /out comes back.
#
#   NODE            a node binary; in the guest it is `node`                  (default: none)
#   OUT             the directory that receives what was left in /out         (default: not kept)
#   GUEST_TIMEOUT   seconds until the guest is stopped                        (default: 120)
#   GUEST_MEMORY    the guest's memory in MiB                                 (default: 1024)
#   GUEST_KERNEL    the suite of Debian whose kernel it runs (debian.sh)     (default: bookworm)
#   GUEST_CGROUPS   v2, or v1 as systemd mounts it on older hosts             (default: v2)
#   GUEST_APPEND    more of the kernel's command line                         (default: none)
#
# Exit status: the script's; 2 usage, or packages are missing; 124 stopped by the timeout; 125 the
# guest ended without a status (the end of its kernel log is on stderr).
#
# In the guest: /sys/fs/cgroup is cgroup2 with cpu cpuset io memory pids enabled below the root;
# PSI is on; /dev/vda is an empty disk of 256 MiB; the loopback is up and there is no other network.
# util-linux's unshare and nsenter are in /usr/local/bin: give the path, as busybox runs its own
# before it looks at PATH. Nothing is installed here and no privilege is needed: the kernel is
# Debian's package, unpacked in the cache and emulated (no KVM).
set -eu

fail() { echo "guest.sh: $2" >&2; exit "$1"; }

[ $# -ge 1 ] || fail 2 'usage: guest.sh SCRIPT [FILE...]'
for file; do [ -r "$file" ] || fail 2 "cannot read $file"; done
[ -z "${NODE:-}" ] || [ -x "$NODE" ] || fail 2 "NODE: cannot run $NODE"
[ "$(uname -m)" = x86_64 ] || fail 2 'needs an x86_64 machine'

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need qemu-system-x86_64 qemu-system-x86
need cpio cpio
need ldd libc-bin
need unshare util-linux
if ! command -v busybox >/dev/null 2>&1 || ldd "$(command -v busybox)" >/dev/null 2>&1; then
  missing="$missing busybox-static"
fi
[ -z "$missing" ] || fail 2 "missing Debian packages:$missing"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/guest.XXXXXX")
qemu=
trap 'rm -rf "$tmp"' EXIT
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :; exit 130' INT
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :; exit 143' TERM HUP

debian=$(dirname "$0")/debian.sh
kernel=$(sh "$debian" kernel "${GUEST_KERNEL:-bookworm}") || exit 2
# QEMU before 8.1 runs code that a kernel patches while it runs as it was before: 6.12 crashes every third time.
program=qemu-system-x86_64
if "$program" --version | grep -q -E 'version ([1-7]\.|8\.0)'; then
  newer=$(sh "$debian" qemu bookworm-backports) || exit 2
  program=$newer/bin/qemu-system-x86_64
fi

# The guest's root file system.
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/etc" "$root/modules" "$root/usr/local/bin" "$root/guest"
libraries() { # of a program, to where it looks for them
  ldd "$1" 2>/dev/null |
    sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' |
    while read -r library; do
      mkdir -p "$root${library%/*}"
      [ -e "$root$library" ] || cp -L "$library" "$root$library"
    done
}
install() { cp -L "$1" "$root/usr/local/bin/$2"; libraries "$1"; }
cp -L "$(command -v busybox)" "$root/bin/busybox"
cp "$kernel"/*.ko "$root/modules/"
install "$(command -v unshare)" unshare
install "$(command -v nsenter)" nsenter
[ -z "${NODE:-}" ] || install "$NODE" node
script=$1
shift
for file; do
  cp -R -L "$file" "$root/guest/"
  if [ -f "$file" ] && [ -x "$file" ]; then libraries "$file"; fi
done
cp -L "$script" "$root/guest/script"
[ ! -r /etc/os-release ] || cp -L /etc/os-release "$root/etc/os-release"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
printf '127.0.0.1 localhost guest\n::1 localhost\n' >"$root/etc/hosts"

# Its first process. /dev/vport0p1 takes the output, p2 the archive of /out, p3 the exit status:
# virtio ports carry bytes as they are, and the kernel's messages go to the serial port.
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /root /out
/bin/busybox --install -s /bin
export PATH=/usr/local/bin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t devpts devpts /dev/pts
for at in /dev/shm /tmp /run; do mount -t tmpfs tmpfs $at; done
ln -s /proc/self/fd /dev/fd
for fd in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${fd%:*} /dev/${fd#*:}; done
case $(cat /proc/cmdline) in
  *guest.cgroups=v1*)
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    cd /sys/fs/cgroup
    mkdir systemd
    mount -t cgroup -o none,name=systemd cgroup systemd
    for controllers in cpuset cpu,cpuacct blkio memory devices freezer net_cls,net_prio perf_event hugetlb pids; do
      mkdir $controllers
      mount -t cgroup -o $controllers cgroup $controllers || rmdir $controllers
    done
    for name in cpu cpuacct; do ln -s cpu,cpuacct $name; done
    for name in net_cls net_prio; do ln -s net_cls,net_prio $name; done
    cd / ;;
  *)
    mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
    for controller in cpu cpuset io memory pids; do
      echo +$controller >/sys/fs/cgroup/cgroup.subtree_control
    done ;;
esac
hostname guest
ip link set lo up
for pass in 1 2 3; do # they depend on one another, differently in each kernel
  for module in /modules/*.ko; do
    case $module in */dummy.ko) continue ;; esac # for whom wants a second network
    insmod $module 2>/dev/null && rm $module
  done
done
tries=0
until [ -c /dev/vport0p3 ] && [ -b /dev/vda ]; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || poweroff -f; usleep 50000
done

mkfifo /run/output
cat /run/output >/dev/vport0p1 &
cat=$!
cd /guest
sh /guest/script </dev/null >/run/output 2>&1
status=$?
cd /
for process in /proc/[0-9]*; do # what the script left running would hold the output open
  process=${process#/proc/}
  case $process in 1 | $cat) ;; *) kill -9 $process 2>/dev/null ;; esac
done
wait $cat
tar cf - -C /out . >/dev/vport0p2
echo $status >/dev/vport0p3
poweroff -f
INIT
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$tmp/initrd"
rm -rf "$root"

# The output passes through a FIFO, so that it may be a file, a pipe or a terminal here.
truncate -s 256M "$tmp/disk"
mkfifo "$tmp/output"
cat "$tmp/output" &
cat=$!
exec 3>"$tmp/output"
timeout -k 5 "${GUEST_TIMEOUT:-120}" "$program" -nodefaults -no-user-config -display none \
  -machine pc -accel tcg -cpu max -smp 2 -m "${GUEST_MEMORY:-1024}" -nic none -no-reboot \
  -kernel "$kernel/vmlinuz" -initrd "$tmp/initrd" \
  -append 'console=ttyS0 panic=-1 psi=1 mitigations=off tsc=reliable no_timer_check quiet guest.cgroups='"${GUEST_CGROUPS:-v2} ${GUEST_APPEND:-}" \
  -serial "file:$tmp/console" -device virtio-serial-pci \
  -chardev "file,id=output,path=$tmp/output" -device virtserialport,nr=1,chardev=output \
  -chardev "file,id=files,path=$tmp/files" -device virtserialport,nr=2,chardev=files \
  -chardev "file,id=status,path=$tmp/status" -device virtserialport,nr=3,chardev=status \
  -drive "if=none,id=disk,format=raw,cache=unsafe,file=$tmp/disk" \
  -device virtio-blk-pci,drive=disk </dev/null >&2 3>&- &
qemu=$!
ended=0
wait "$qemu" || ended=$?
qemu=
exec 3>&-
wait "$cat" || :

case $ended in 124 | 137) fail 124 "stopped after ${GUEST_TIMEOUT:-120} s" ;; esac
if [ ! -s "$tmp/status" ]; then
  tail -n 30 "$tmp/console" >&2 2>/dev/null || :
  fail 125 "the guest ended without a status (qemu: $ended)"
fi
if [ -n "${OUT:-}" ]; then
  mkdir -p "$OUT"
  tar -x -f "$tmp/files" -C "$OUT" --no-same-owner
fi
exit "$(cat "$tmp/status")"
