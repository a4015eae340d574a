# In the guest: an agent in a nested v2 cgroup whose ancestors hold the tighter limits, and all that can happen to a job
# there, one after the other. Leaves every export as /out/N.json, and the kernel's files from right before and right after
# the last one in /out/before and /out/after.
set -eu
MIB=$((1024 * 1024))

mke2fs -q /dev/vda >/dev/null
mkdir /disk
mount -t ext4 /dev/vda /disk
dd if=/dev/zero of=/disk/swap bs=1M count=128 2>/dev/null
chmod 600 /disk/swap
mkswap /disk/swap >/dev/null
swapon /disk/swap

cd /sys/fs/cgroup
enable() { echo '+cpu +cpuset +io +memory +pids' >"$1/cgroup.subtree_control"; }
mkdir slice slice/pod slice/pod/leaf other
enable slice
enable slice/pod
leaf=/sys/fs/cgroup/slice/pod/leaf
echo '60000 100000' >slice/pod/cpu.max
echo '200000 100000' >slice/pod/leaf/cpu.max
echo $((256 * MIB)) >slice/memory.max
echo $((96 * MIB)) >slice/pod/memory.swap.max
echo max >slice/pod/leaf/memory.max
echo 64 >slice/pod/leaf/pids.max
echo 0 >slice/cpuset.cpus

# The receiver stays outside: its work is not the container's.
echo $$ >other/cgroup.procs
node /guest/receive.mjs >/tmp/receiver &
receiver=$!
until grep -q listening /tmp/receiver; do sleep 0.1; done
exports() { set -- /out/[0-9]*.json; [ -e "$1" ] && echo $# || echo 0; }
wait_exports() { # COUNT more of them
  until=$(($(exports) + $1))
  while [ "$(exports)" -lt $until ]; do sleep 0.1; done
}
metrics='default,container.*,jobmeter.*'
child() { # holds 48 MiB until it is killed, and does this
  sh -c "echo \$\$ >$leaf/cgroup.procs; exec node -e 'const held = Buffer.alloc(48 << 20, 1); $1'" &
  child=$!
}
in_leaf() { sh -c "echo \$\$ >$leaf/cgroup.procs; $1" >/dev/null 2>&1; }

child 'for (;;) held[0]++'
sh -c "echo \$\$ >$leaf/cgroup.procs
  OTEL_METRIC_EXPORT_INTERVAL=3000 exec node /guest/jobmeter.js --interval 1s --metrics '$metrics'" &
agent=$!

# Throttled by the pod's quota: the second interval is nothing else.
wait_exports 2
cp /out/1.json /out/steady.json
kill $child
quota=$(cat slice/pod/cpu.max)
echo max >slice/pod/cpu.max # the rest need not take that long

# 100 MiB for a moment, between two ticks if not over one.
wait_exports 1
exports >/out/spike
in_leaf 'dd if=/dev/zero of=/dev/null bs=100M count=1'
wait_exports 3

# More than may be used without being slowed down: a part goes to the swap.
echo $((96 * MIB)) >slice/pod/memory.high
in_leaf "dd if=/dev/zero of=/dev/shm/held bs=1M count=100"
echo $((224 * MIB)) >slice/pod/memory.high

# Killed for memory in a cgroup below that is gone at once.
echo 0 >slice/memory.swap.max
mkdir $leaf/child
sh -c "echo \$\$ >$leaf/child/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=400M count=1" >/dev/null 2>&1 || :
rmdir $leaf/child
echo max >slice/memory.swap.max

in_leaf 'for number in $(seq 80); do sleep 2 & done' || :
in_leaf 'dd if=/dev/vda of=/dev/null bs=1M count=16 iflag=direct'
in_leaf 'dd if=/dev/zero of=/disk/data bs=1M count=8 oflag=direct'

keep() {
  mkdir -p /out/$1/leaf
  cp slice/pod/cpu.stat /out/$1/
  cp $leaf/cpu.stat $leaf/memory.* $leaf/io.stat $leaf/pids.* $leaf/*.pressure /out/$1/leaf/ 2>/dev/null || :
}
echo $quota >slice/pod/cpu.max
keep before
wait_exports 1 # a limit that is back is read again
kill $agent
wait $agent || :
keep after
cp /out/$(($(exports) - 1)).json /out/last.json

# The same from inside a cgroup namespace, as Docker starts containers on v2.
echo max >slice/pod/cpu.max
child 'setInterval(() => held[0]++, 1000)'
in_private() {
  sh -c "echo \$\$ >$leaf/cgroup.procs
    exec /usr/local/bin/unshare -C -m sh -c 'cd /; umount /sys/fs/cgroup
      mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup /sys/fs/cgroup
      cat /proc/self/cgroup; exec node /guest/jobmeter.js --once --metrics $metrics'"
}
count=$(exports)
in_private
[ "$(exports)" -gt $count ]
cp /out/$(($(exports) - 1)).json /out/private-namespace.json
kill $child $receiver
