# In the guest: the agent and a busy child in a nested v2 cgroup whose ancestors hold the tighter limits.
set -eu
cd /sys/fs/cgroup
enable() { echo '+cpu +memory +cpuset' >"$1/cgroup.subtree_control"; }
enable .
mkdir slice slice/pod slice/pod/leaf other
enable slice
enable slice/pod
echo '60000 100000' >slice/pod/cpu.max
echo '200000 100000' >slice/pod/leaf/cpu.max
echo $((384 * 1024 * 1024)) >slice/memory.max
echo max >slice/pod/leaf/memory.max
echo 0 >slice/cpuset.cpus

# The receiver stays outside: its work is not the container's.
echo $$ >other/cgroup.procs
node /guest/receive.mjs >/tmp/receiver &
receiver=$!
until grep -q listening /tmp/receiver; do sleep 0.1; done

run() { # shell command, run in the leaf beside a busy child that holds 48 MiB
  sh -c "echo \$\$ >/sys/fs/cgroup/slice/pod/leaf/cgroup.procs
    node -e 'const held = Buffer.alloc(48 << 20, 1); for (;;) held[0]++' & child=\$!
    $1; status=\$?; kill \$child; exit \$status"
}
run 'OTEL_METRIC_EXPORT_INTERVAL=4000 node /guest/jobmeter.js --interval 1s & agent=$!
  until [ -e /out/1.json ]; do sleep 0.2; done; kill $agent; wait $agent'
cp slice/pod/leaf/cpu.stat slice/pod/leaf/memory.current /out/
mv /out/1.json /out/host-namespace.json

# The same from inside a cgroup namespace, as Docker starts containers on v2.
run '/usr/local/bin/unshare -C -m sh -c "cd /; umount /sys/fs/cgroup; mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup /sys/fs/cgroup; cat /proc/self/cgroup; node /guest/jobmeter.js --once"'
ls -t /out/*.json | head -n 1 | xargs -I{} cp {} /out/private-namespace.json
kill $receiver
