#!/bin/sh
# Puts what the guest needs of a Debian suite into the cache, and says where.
#
#   debian.sh kernel SUITE     its newest cloud kernel: DIR/vmlinuz, DIR/*.ko
#                              (bullseye 5.10, bookworm 6.1, trixie 6.12, trixie-backports, sid)
#   debian.sh qemu SUITE       its QEMU: DIR/bin/qemu-system-x86_64; libraries are the machine's own
#
# apt reads a configuration of its own: the machine's suites stay as they are, nothing is installed and
# no privilege is needed. Signatures are checked with Debian's keyring. Exit status: 2 if it cannot be had.
set -eu

fail() { echo "debian.sh: $1" >&2; exit 2; }

case ${1:-} in kernel | qemu) ;; *) fail 'usage: debian.sh kernel|qemu SUITE' ;; esac
kind=$1 suite=${2:-}
case $suite in '' | *[!a-z0-9-]*) fail "no suite of Debian: $suite" ;; esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/jobmeter-interop
kept=$cache/$kind-$suite
if [ -d "$kept" ]; then echo "$kept"; exit; fi

# What the guest loads; where it is not found, it is built in.
modules='virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
         virtio_console virtio_blk overlay dummy'

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need apt-get apt
need dpkg dpkg
need busybox busybox-static
keyring=
for file in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
  [ ! -r "$file" ] || keyring=$file
done
[ -n "$keyring" ] || missing="$missing debian-archive-keyring"
[ -z "$missing" ] || fail "missing Debian packages:$missing"

mkdir -p "$cache"
tmp=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$tmp/lists/partial" "$tmp/archives/partial" "$tmp/new"

# The mirror that this machine uses, whatever suites it takes from there.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep '/debian/$' | head -n 1)
[ -n "$mirror" ] || fail 'apt knows no mirror of Debian (a source that ends with /debian)'
echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$tmp/sources.list"
apt() { # PROGRAM ARGUMENT...
  program=$1
  shift
  "$program" -o Dir::Etc::SourceList="$tmp/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::PreferencesParts=- \
    -o Dir::State="$tmp" -o Dir::State::status=/dev/null -o Dir::Cache="$tmp" -o APT::Architecture=amd64 \
    -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=2 "$@" \
    2>>"$tmp/log"
}
because() { fail "$1: $(grep '^[EW]:' "$tmp/log" | head -n 1)"; }

apt apt-get -qq update >>"$tmp/log" || because "cannot read $mirror $suite"
download() { # PACKAGE...
  (cd "$tmp/archives" && apt apt-get -qq download "$@" >>"$tmp/log") || because "cannot download $*"
  for package in "$tmp"/archives/*.deb; do dpkg -x "$package" "$tmp/files"; done
}

kernel() {
  # Newer suites split it: into what has a version in its name.
  packages=$(apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances linux-image-cloud-amd64 | sed -n 's/^ *\(linux-[a-z]*-[0-9][^ ]*\)$/\1/p' | sort -u)
  [ -n "$packages" ] || because "no linux-image-cloud-amd64 in $mirror $suite"
  # shellcheck disable=SC2086
  download $packages
  find "$tmp/files" -name 'vmlinuz*' -type f -exec cp {} "$tmp/new/vmlinuz" \;
  [ -f "$tmp/new/vmlinuz" ] || fail "no kernel in $packages"
  for module in $modules; do find "$tmp/files" -name "$module.ko*" -exec cp {} "$tmp/new/" \;; done
  for module in "$tmp"/new/*.ko.*; do
    case $module in
      *.xz) busybox xz -d "$module" ;;
      *.zst) zstd -q -d --rm "$module" || fail 'missing Debian packages: zstd' ;;
    esac
  done
}

qemu() {
  download qemu-system-x86 qemu-system-data seabios libbpf1
  mkdir "$tmp/new/bin" "$tmp/new/lib" "$tmp/new/share"
  cp "$tmp/files/usr/bin/qemu-system-x86_64" "$tmp/new/bin/program"
  find "$tmp/files" -name 'libbpf.so.*' -exec cp {} "$tmp/new/lib/" \;
  for file in qemu/kvmvapic.bin qemu/linuxboot_dma.bin seabios/bios-256k.bin; do
    cp "$tmp/files/usr/share/$file" "$tmp/new/share/"
  done
  needed=$(LD_LIBRARY_PATH="$tmp/new/lib" ldd "$tmp/new/bin/program" | sed -n 's/ => not found//p')
  [ -z "$needed" ] || fail "libraries of QEMU are missing (Debian's qemu-system-x86 brings them): $(echo $needed)"
  cat >"$tmp/new/bin/qemu-system-x86_64" <<'PROGRAM'
#!/bin/sh
at=$(dirname "$0")/..
LD_LIBRARY_PATH=$at/lib exec "$at/bin/program" -L "$at/share" "$@"
PROGRAM
  chmod 755 "$tmp/new/bin/qemu-system-x86_64"
}

$kind
mv -T "$tmp/new" "$kept" 2>/dev/null || [ -d "$kept" ] # another run was first
echo "$kept"
