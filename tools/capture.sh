#!/bin/sh
# Copies the kernel files that jobmeter reads for one process into a tree that mirrors the root.
#
#   capture.sh DEST [PID]            one sample, in DEST
#   capture.sh DEST PID SECONDS      two samples, begun that far apart, in DEST/0 and DEST/1
#
# PID is this shell unless given. It must be in our cgroup namespace (the kernel shows cgroup
# paths relative to the reader's); its mount namespace may be another one.
#
#   CAPTURE_RENAME   words `old=new`: each old is replaced in the contents of the files under proc
#                    and etc and in the paths of the tree (no spaces; old holds no `=`)
#
# In the tree the host is called "host". Of the mounts there remain cgroups, /proc, /sys, / and
# those that name a container; their device is /dev/vda1 and a file system's options are cut.
# Left out: lists of processes and threads, settings that tell no number of use, write-only files, files over
# 64 KiB, names with ':'.
set -eu

if [ $# -lt 1 ] || [ $# -gt 3 ]; then
  echo 'usage: capture.sh DEST [PID [SECONDS]]' >&2
  exit 2
fi
pid=${2:-$$}
[ -r "/proc/$pid/stat" ] || { echo "capture.sh: no process $pid" >&2; exit 2; }
top=
[ "$pid" = $$ ] || top=/proc/$pid/root

# The renames as one sed script, literal on both sides.
literal() { printf '%s\n' "$1" | sed 's/[][\.*^$|&]/\\&/g'; }
renames=
for pair in ${CAPTURE_RENAME:-}; do
  renames="$renames;s|$(literal "${pair%%=*}")|$(literal "${pair#*=}")|g"
done
renames=${renames#;}

# Copies files in one go (a process per file would take seconds in an emulated machine). What could
# not be read leaves an empty file, as an empty file does: those are read again, one by one.
copy() { # DIRECTORY FILE...
  into=$1
  shift
  mkdir -p "$into"
  cp "$@" "$into/" 2>/dev/null || :
  for from; do
    to=$into/${from##*/}
    [ -s "$to" ] || cat "$from" >"$to" 2>/dev/null || rm -f "$to"
  done
}
rename() { # a file in the tree
  if [ -n "$renames" ] && [ -f "$1" ]; then sed -i "$renames" "$1"; fi
}

# A path as mountinfo writes it: \040 is a space.
path() {
  case $1 in
    *\\*) printf '%b\n' "$(printf '%s\n' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# The mounts that matter. The number of fields before " - " varies.
mounts() {
  sed -n -E \
    -e 's|^(.*) - ([^ ]+) /dev/[^ ]+ |\1 - \2 /dev/vda1 |' \
    -e '/ - cgroup2? /{p;d;}' \
    -e 's|^(.* - [^ ]+ [^ ]+ r[ow]),.*$|\1|' \
    -e '/^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ \/(proc|sys)? /{p;d;}' \
    -e '/[0-9a-f]{64}/p'
}

# The files of one cgroup directory of the process.
directory() {
  [ -d "$top$1" ] || return 0
  case $1 in
    *:*) echo "capture.sh: left out, its name holds a colon: $1" >&2; return 0 ;;
  esac
  to=$tree$(printf '%s\n' "$1" | sed "$renames")
  find "$top$1" -maxdepth 1 -type f -perm -400 ! -name '*:*' |
    {
      set --
      while IFS= read -r file; do
        case ${file##*/} in
          cgroup.procs | cgroup.threads | tasks) ;; # processes
          notify_on_release | cgroup.clone_children | cgroup.sane_behavior | cgroup.freeze | cgroup.max.* | \
            memory.kmem.* | memory.numa_stat | memory.move_charge* | memory.swappiness | cpuset.mem* | \
            cpuset.sched* | cpuset.cpu_exclusive | cpuacct.usage_* | cpu.uclamp* | io.cost* | devices.*) ;; # no use
          *) set -- "$@" "$file" ;;
        esac
      done
      copy "$to" "$@"
    }
}

# Which path /proc/PID/cgroup gives for the hierarchy of a mount of TYPE with OPTIONS.
own() {
  while IFS=: read -r number names where; do
    case $1,$number in
      cgroup2,0) printf '%s\n' "$where"; break ;;
      cgroup,0 | cgroup2,*) ;;
      *) case ,$2, in *",$names,"*) printf '%s\n' "$where"; break ;; esac ;;
    esac
  done <"/proc/$pid/cgroup"
}

# Below a mount, that path less the mount's root; or the mount point alone, where the mount shows
# another part of the hierarchy (as in a container). With all that lies between.
cgroups() {
  while IFS= read -r line; do
    case $line in *' - cgroup '* | *' - cgroup2 '*) ;; *) continue ;; esac
    set -f
    # shellcheck disable=SC2086
    set -- ${line%% - *}
    root=$(path "$4") point=$(path "$5")
    # shellcheck disable=SC2086
    set -- ${line#* - }
    set +f
    at=$(own "$1" "${3:-}")
    if [ "$root" != / ]; then
      case $at in "$root"/*) at=${at#"$root"} ;; *) at= ;; esac
    fi
    case $at in /.. | /../*) at= ;; esac
    at=${at%/}
    while [ -n "$at" ]; do
      directory "$point$at"
      at=${at%/*}
    done
    directory "$point"
  done <"/proc/$pid/mountinfo"
}

# What the process sees of networks: its own, and that of the first process where it sees the host's processes. Addresses
# of sockets become 127.0.0.1.
networks() {
  for one in self:"$pid" 1:1; do
    [ "$one" = "self:$pid" ] || [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
    net=/proc/${one#*:}/net
    copy "$tree/proc/${one%:*}/net" "$net/dev" "$net/snmp" "$net/netstat" "$net/sockstat" "$net/sockstat6" \
      "$net/tcp" "$net/tcp6"
    [ ! -r "$net/rpc/nfs" ] || copy "$tree/proc/${one%:*}/net/rpc" "$net/rpc/nfs"
    for file in tcp tcp6; do
      [ ! -f "$tree/proc/${one%:*}/net/$file" ] || sed -i -E \
        -e 's/^( *[0-9]+: )[0-9A-F]{8}(:[0-9A-F]{4} )[0-9A-F]{8}:/\10100007F\20100007F:/' \
        -e 's/^( *[0-9]+: )[0-9A-F]{32}(:[0-9A-F]{4} )[0-9A-F]{32}:/\100000000000000000000000001000000\200000000000000000000000001000000:/' \
        "$tree/proc/${one%:*}/net/$file"
    done
    [ "${one%:*}" != 1 ] || copy "$tree/proc/2" /proc/2/comm
  done
  # Only who is in the network that the kernel started with sees this one.
  if [ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] && [ -r /proc/sys/net/core/dev_weight ]; then
    copy "$tree/proc/sys/net/core" /proc/sys/net/core/dev_weight
  fi
}

# What each CPU shares with others, how fast it runs, how often it was too hot; and the sensors of all.
processors() {
  for from in /sys/devices/system/cpu/cpu[0-9]*; do
    copy "$tree$from/topology" "$from/topology/thread_siblings_list" "$from/topology/core_siblings_list"
    [ ! -d "$from/cpufreq" ] || copy "$tree$from/cpufreq" "$from/cpufreq/scaling_cur_freq"
    [ ! -d "$from/thermal_throttle" ] || copy "$tree$from/thermal_throttle" "$from"/thermal_throttle/*
  done
  for from in /sys/class/hwmon/hwmon*; do
    case $(cat "$from/name" 2>/dev/null) in
      coretemp | k10temp | zenpower | cpu_thermal) copy "$tree$from" "$from/name" "$from"/temp*_* ;;
    esac
  done
}

sample() {
  tree=$1
  copy "$tree/proc" /proc/uptime /proc/stat /proc/meminfo /proc/loadavg /proc/vmstat /proc/diskstats
  copy "$tree/proc" /proc/swaps
  copy "$tree/proc/pressure" /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io /proc/pressure/irq
  copy "$tree/proc/sys/fs" /proc/sys/fs/file-nr
  copy "$tree/proc/self" "/proc/$pid/cgroup" "/proc/$pid/status" "/proc/$pid/stat"
  mounts <"/proc/$pid/mountinfo" >"$tree/proc/self/mountinfo"
  copy "$tree/proc/1" "$top/proc/1/stat" # in a container, the first process there
  networks
  cgroups
  cpus=/sys/devices/system/cpu
  copy "$tree$cpus" $cpus/online $cpus/possible $cpus/present
  processors
  for block in /sys/class/block/*; do [ ! -r "$block/size" ] || copy "$tree$block" "$block/size"; done
  copy "$tree/proc/sys/kernel" /proc/sys/kernel/osrelease /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max
  copy "$tree/etc" "$top/etc/os-release"
  find "$tree" -type f -size +128 -exec rm -f {} + # in blocks of 512 bytes
  chmod -R u+w "$tree"
  for file in "$tree"/proc/self/* "$tree/proc/1/stat" "$tree/proc/sys/kernel/osrelease" "$tree/proc/diskstats" \
    "$tree/etc/os-release"; do
    rename "$file"
  done
  echo host >"$tree/proc/sys/kernel/hostname"
  rmdir "$tree/proc/pressure" 2>/dev/null || :
}

if [ $# -lt 3 ]; then
  sample "$1"
else
  sleep "$3" &
  sample "$1/0"
  wait
  sample "$1/1"
fi
