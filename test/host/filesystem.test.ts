import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { filesystem, spaceOf } from '../../instrumentation/host/filesystem.ts';
import { mountedBelow } from '../../instrumentation/host/mounted.ts';
import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import type { FileSystemSizes, Host } from '../../instrumentation/source.ts';
import { openKernelFiles } from '../../src/host.ts';
import { createFakeClock } from '../support/clock.ts';
import { emitted } from '../support/emitted.ts';
import { bytesOf } from '../support/parser-table.ts';
import { createTree } from '../support/tree.ts';

/** The file systems of a table of mounts, as "mountPoint type mode"; with "elsewhere" where another process must ask. */
function mounted(table: string, { root = '/', files = [] as readonly string[] } = {}): readonly string[] {
  return mountedBelow(root, parseMountinfo(bytesOf(table)), (at) => !files.includes(at)).map(
    ({ mountPoint, type, mode, isLocal }) => `${mountPoint} ${type} ${mode}${isLocal ? '' : ' elsewhere'}`,
  );
}

const UPPER = 'rw,lowerdir=/l,upperdir=/u,workdir=/w';

const HOST = `\
22 27 0:21 / /proc rw - proc proc rw
23 27 0:22 / /sys rw - sysfs sysfs rw
24 27 0:6 / /dev rw - devtmpfs udev rw,size=4k
25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw
26 24 0:24 / /dev/pts rw - devpts devpts rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
28 27 0:25 / /run rw - tmpfs tmpfs rw
29 28 0:26 / /run/credentials/systemd-journald.service ro - tmpfs none rw,size=1024k
30 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs ro
31 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 22 0:29 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw
33 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
34 27 8:2 / /home rw - xfs /dev/sda2 rw
35 27 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro
`;

test('of a host: file systems that hold data and tmpfs as df shows it, nothing that the kernel makes up', () => {
  assert.deepEqual(mounted(HOST), ['/dev/shm tmpfs rw', '/ ext4 rw', '/run tmpfs rw', '/home xfs rw']);
});

test('a host of containers: neither their layers nor their shared memory, but the disks below', () => {
  const docker = `\
40 27 8:3 / /var/lib/docker rw - ext4 /dev/sda3 rw
41 40 0:50 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay ${UPPER}
42 40 0:51 / /var/lib/docker/containers/abc/mounts/shm rw - tmpfs shm rw
43 28 0:4 net:[4026532000] /run/docker/netns/abc rw - nsfs nsfs rw
44 28 0:52 / /run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm rw - tmpfs shm rw
45 27 0:53 / /var/lib/kubelet/pods/a/volumes/kubernetes.io~projected/t rw - tmpfs tmpfs rw
46 27 8:4 / /var/lib/kubelet/plugins/kubernetes.io/csi/x/globalmount rw - ext4 /dev/sdb rw
47 27 8:4 / /var/lib/kubelet/pods/a/volumes/x/mount rw - ext4 /dev/sdb rw
48 27 0:54 / /data rw - overlay overlay ${UPPER}
`;
  assert.deepEqual(mounted(HOST + docker).slice(4), [
    '/var/lib/docker ext4 rw',
    '/var/lib/kubelet/pods/a/volumes/x/mount ext4 rw',
  ]);
});

test('a container: its root, its volumes once for each disk, no files and no masks', () => {
  const table = `\
48 46 0:29 / / rw,relatime - overlay overlay ${UPPER}
49 48 0:31 / /proc rw - proc proc rw
50 48 0:32 / /dev rw - tmpfs tmpfs rw,size=65536k
51 48 0:21 / /sys ro - sysfs sysfs rw
52 50 0:33 / /dev/shm rw - tmpfs shm rw
53 48 8:1 /var/lib/docker/containers/a/hosts /etc/hosts rw - ext4 /dev/sda1 rw
54 48 8:1 /var/lib/docker/volumes/v/_data /var/lib/data rw - ext4 /dev/sda1 rw
55 48 8:1 /var/lib/docker/volumes/w/_data /var/lib/data2 ro - ext4 /dev/sda1 rw
56 49 0:34 / /proc/acpi ro - tmpfs tmpfs ro
57 49 0:32 /null /proc/kcore rw - tmpfs tmpfs rw
58 51 0:35 / /sys/firmware ro - tmpfs tmpfs ro
`;
  assert.deepEqual(mounted(table, { files: ['/etc/hosts', '/proc/kcore'] }), [
    '/ overlay rw',
    '/dev tmpfs rw',
    '/dev/shm tmpfs rw',
    '/var/lib/data ext4 rw',
  ]);
});

test('a file system that is mounted often is told where its own root is, else where the path is shortest', () => {
  const table = `\
27 1 0:40 /@ / rw - btrfs /dev/sda1 rw,subvol=/@
28 27 0:40 /@home /home rw - btrfs /dev/sda1 rw,subvol=/@home
29 27 8:2 /sub /b rw - ext4 /dev/sda2 rw
30 27 8:2 / /longer rw - ext4 /dev/sda2 rw
31 27 8:2 / /longer/still ro - ext4 /dev/sda2 rw
`;
  assert.deepEqual(mounted(table), ['/ btrfs rw', '/longer ext4 rw']);
});

test('"ro" is what either the mount or the whole file system is; a host that is mounted ro for us is not ro itself', () => {
  const table = `\
27 1 8:1 / / rw - ext4 /dev/sda1 ro,errors=remount-ro
28 27 8:2 / /a ro,noatime - ext4 /dev/sda2 rw
29 27 8:3 / /b rw - ext4 /dev/sda3 rw,prjquota
`;
  assert.deepEqual(mounted(table), ['/ ext4 ro', '/a ext4 ro', '/b ext4 rw']);
  const ofHost = `27 1 0:9 / / rw - overlay overlay ${UPPER}\n28 27 8:1 / /host ro - ext4 /dev/sda1 rw\n`;
  assert.deepEqual(mounted(ofHost, { root: '/host' }), ['/ ext4 rw']);
});

test('whatever may wait for somebody is asked elsewhere, and so is all that lies on the way through it', () => {
  for (const type of [
    'nfs',
    'nfs4',
    'cifs',
    'smb3',
    'fuse',
    'fuse.sshfs',
    'fuseblk',
    'ceph',
    'lustre',
    'gpfs',
    'beegfs',
    '9p',
    'afs',
    'virtiofs',
    'ocfs2',
    'gfs2',
    'fuse.fuse-overlayfs',
    'aufs',
    'of-the-future',
  ]) {
    const table = `\
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 0:50 / /net rw - ${type} server:/export rw
29 28 8:2 / /net/disk rw - ext4 /dev/sdb rw
30 29 0:51 / /net/disk/tmp rw - tmpfs tmpfs rw
`;
    assert.deepEqual(mounted(table), [
      '/ ext4 rw',
      `/net ${type} rw elsewhere`,
      '/net/disk ext4 rw elsewhere',
      '/net/disk/tmp tmpfs rw elsewhere',
    ]);
    const host = `27 1 0:9 / / rw - overlay overlay ${UPPER}\n28 27 0:50 / /mnt rw - ${type} s rw\n29 28 8:2 / /mnt/host rw - ext4 /dev/sdb rw\n`;
    assert.deepEqual(mounted(host, { root: '/mnt/host' }), ['/ ext4 rw elsewhere'], 'also outside of what is seen');
  }
});

test('a file system that is also mounted where nothing can hang is asked there', () => {
  const table = `\
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 0:50 / /net rw - nfs server:/export rw
29 28 8:2 / /net/disk rw - ext4 /dev/sdb rw
30 27 8:2 /sub /a/long/way/to/it rw - ext4 /dev/sdb rw
`;
  assert.deepEqual(mounted(table).slice(2), ['/a/long/way/to/it ext4 rw']);
});

test('what is mounted by demand is left out, and so is all below it: it would stay mounted for ever, or be mounted', () => {
  const table = `\
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 0:50 / /boot rw - autofs systemd-1 rw
29 28 8:2 / /boot rw - vfat /dev/sdb rw
30 27 0:51 / /home rw - autofs auto.home rw
31 30 0:52 / /home/me rw - nfs server:/me rw
32 31 8:3 / /home/me/disk rw - ext4 /dev/sdc rw
33 27 8:4 / /homes rw - ext4 /dev/sdd rw
`;
  assert.deepEqual(mounted(table), ['/ ext4 rw', '/homes ext4 rw']);
  const elsewhere = '34 27 0:52 / /also/mounted/here rw - nfs server:/me rw\n';
  assert.deepEqual(mounted(table + elsewhere).slice(2), ['/also/mounted/here nfs rw elsewhere']);
});

test('types that may read a whole table from a slow device to count what is free are asked elsewhere', () => {
  for (const type of ['vfat', 'msdos', 'ntfs', 'udf', 'minix', 'nilfs2', 'ufs', 'hfs', 'hfsplus']) {
    const table = `27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 8:2 / /media/stick rw - ${type} /dev/sdb rw\n`;
    assert.deepEqual(mounted(table), ['/ ext4 rw', `/media/stick ${type} rw elsewhere`]);
  }
  for (const type of ['ext2', 'xfs', 'btrfs', 'f2fs', 'zfs', 'exfat', 'bcachefs', 'jfs', 'ubifs', 'jffs2', 'ntfs3']) {
    assert.deepEqual(mounted(`27 1 8:1 / / rw - ${type} /dev/sda1 rw\n`), [`/ ${type} rw`]);
  }
});

test('no child is needed for the small vfat that the firmware starts from, also of a host that is mounted somewhere', () => {
  for (const at of ['/boot', '/boot/efi', '/efi']) {
    const table = `27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 8:2 / ${at} rw - vfat /dev/sda2 rw\n`;
    assert.deepEqual(mounted(table), ['/ ext4 rw', `${at} vfat rw`]);
    const ofHost = table.replaceAll(' / / ', ' / /host ').replaceAll(` / ${at} `, ` / /host${at} `);
    assert.deepEqual(mounted(ofHost, { root: '/host' }), ['/ ext4 rw', `${at} vfat rw`]);
    assert.deepEqual(mounted(table, { root: '/' }), mounted(ofHost, { root: '/host' }));
  }
});

test('another file system at the same path has another identity; the same one, mounted anew with other options, has not', () => {
  const identity = (line: string) => mountedBelow('/', parseMountinfo(bytesOf(line)), () => true)[0]!.identity;
  const first = identity('28 27 0:50 / /a rw - nfs server:/x rw\n');
  assert.equal(identity('28 27 0:50 / /a ro,noatime - nfs server:/x ro\n'), first);
  for (const other of [
    '29 27 0:50 / /a rw - nfs server:/x rw\n',
    '28 27 0:51 / /a rw - nfs server:/x rw\n',
    '28 27 0:50 /sub /a rw - nfs server:/x rw\n',
    '28 27 0:50 / /a rw - nfs4 server:/x rw\n',
    '28 27 0:50 / /a rw - nfs server:/y rw\n',
  ]) {
    assert.notEqual(identity(other), first);
  }
});

test('an overlay without an upper directory may have its sizes from a server', () => {
  assert.deepEqual(mounted('27 1 0:9 / / ro - overlay overlay ro,lowerdir=/a:/b\n'), ['/ overlay ro elsewhere']);
});

test('a password in what was mounted is left out', () => {
  const [found] = mountedBelow(
    '/',
    parseMountinfo(bytesOf('28 27 0:50 / /a rw - fuse curlftpfs#ftp://me:secret:x@host/dir rw\n')),
    () => true,
  );
  assert.equal(found?.device, 'curlftpfs#ftp://me@host/dir');
});

const SIZES: FileSystemSizes = { total: 1000, free: 400, available: 300, files: 50, freeFiles: 20 };

/** The source in front of a tree that is mounted, with sizes by path. */
function open(t: TestContext, table: (root: string) => string, sizes: Record<string, FileSystemSizes>, files = {}) {
  const tree = createTree({ 'proc/self/mountinfo': '', 'mnt/': '', ...files });
  const write = (text: string) => writeFileSync(path.join(tree.root, 'proc/self/mountinfo'), text);
  write(table(tree.root));
  const clock = createFakeClock();
  const kernel = openKernelFiles(tree.root, clock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  const asked: string[] = [];
  const elsewhere: (readonly string[])[] = [];
  const host: Host = {
    ...kernel.host,
    statfs(at) {
      asked.push(at);
      return sizes[at];
    },
    statfsElsewhere(places) {
      const paths = places.map(({ path: at }) => at);
      elsewhere.push(paths);
      return new Map(paths.flatMap((at) => (sizes[at] === undefined ? [] : [[at, sizes[at]] as const])));
    },
  };
  return { ...tree, host, asked, elsewhere, write, takeFailures: kernel.takeFailures };
}

test('sizes have the attributes of the conventions, and the states add up to all', (t) => {
  const { host } = open(t, (root) => `28 27 8:1 / ${root} rw - ext4 /dev/sda1 rw\n`, { '/': SIZES });
  const place = '/dev/sda1 / ext4 rw';
  assert.deepEqual(emitted(filesystem, filesystem.read(host)!), {
    [`usage ${place} used`]: 600,
    [`usage ${place} free`]: 300,
    [`usage ${place} reserved`]: 100,
    [`limit ${place}`]: 1000,
    [`inodes ${place} used`]: 30,
    [`inodes ${place} free`]: 20,
  });
});

test('no number that cannot be is made of sizes that cannot be', () => {
  assert.deepEqual(spaceOf({ total: 1000, free: 1001, available: 1 }), {});
  assert.deepEqual(spaceOf({ total: 1000, free: 10, available: 2 ** 64 - 4096 }), { used: 990, free: 0, reserved: 10 });
  assert.deepEqual(spaceOf({ total: 1000, free: 10, available: 12 }), { used: 990, free: 10, reserved: 0 });
});

test('no inodes where the file system has none, and no file system where it has no size', (t) => {
  const { host } = open(
    t,
    (root) => `28 27 0:40 / ${root} rw - btrfs /dev/sda rw\n29 28 0:41 / ${root}/mnt rw - tmpfs tmpfs rw\n`,
    { '/': { total: 10, free: 5, available: 5 }, '/mnt': { total: 0, free: 0, available: 0 } },
  );
  assert.deepEqual(Object.keys(emitted(filesystem, filesystem.read(host)!)), [
    'usage /dev/sda / btrfs rw used',
    'usage /dev/sda / btrfs rw free',
    'usage /dev/sda / btrfs rw reserved',
    'limit /dev/sda / btrfs rw',
  ]);
});

test('a captured tree has no file systems, whatever its table says and wherever it lies', (t) => {
  const { host, asked, elsewhere } = open(t, () => `${HOST}36 27 0:60 / /net rw - nfs4 a:/b rw\n`, { '/': SIZES });
  assert.equal(filesystem.read(host), undefined);
  assert.deepEqual([asked, elsewhere], [[], []]);
});

test('what lives on a server is never asked here, and is absent until somebody has answered', (t) => {
  const sizes: Record<string, FileSystemSizes> = { '/': SIZES };
  const { host, asked, elsewhere } = open(
    t,
    (root) => `28 27 8:1 / ${root} rw - ext4 /dev/sda1 rw\n29 28 0:41 / ${root}/mnt rw - nfs4 server:/x rw\n`,
    sizes,
  );
  const points = () => filesystem.read(host)!.map(({ mountPoint }) => mountPoint);
  assert.deepEqual(points(), ['/']);
  sizes['/mnt'] = SIZES;
  assert.deepEqual(points(), ['/', '/mnt']);
  assert.deepEqual([new Set(asked), elsewhere], [new Set(['/']), [['/mnt'], ['/mnt']]]);
});

test('what is mounted on a file is left out, and so is what only root may look at', (t) => {
  const { host, root, takeFailures } = open(
    t,
    (root) =>
      `28 27 8:1 /hosts ${root}/etc/hosts rw - ext4 /dev/sda1 rw\n29 27 8:1 /v ${root}/mnt/volume rw - ext4 /dev/sda1 rw\n`,
    { '/etc/hosts': SIZES, '/mnt/volume': SIZES },
    { 'etc/hosts': '', 'mnt/volume/': '' },
  );
  assert.deepEqual(
    filesystem.read(host)!.map(({ mountPoint }) => mountPoint),
    ['/mnt/volume'],
  );
  const closed: Host = { ...host, isReadable: () => false };
  writeFileSync(path.join(root, 'proc/self/mountinfo'), `29 27 8:1 /v ${root}/mnt/volume rw - ext4 /dev/sda1 rw \n`);
  assert.equal(filesystem.read(closed), undefined);
  assert.deepEqual(takeFailures(), []);
});

test('a mount that goes away while it is asked for is not told with the sizes of what lies beneath', (t) => {
  const first = (root: string) => `28 27 8:1 / ${root} rw - ext4 /dev/sda1 rw\n`;
  const { host, root, write } = open(t, (root) => `${first(root)}29 28 0:41 / ${root}/mnt rw - xfs /dev/sdb rw\n`, {
    '/': SIZES,
    '/mnt': SIZES,
  });
  let isGone = false;
  const unmounting: Host = {
    ...host,
    statfs(at) {
      if (at === '/mnt' && !isGone) {
        isGone = true;
        write(first(root));
      }
      return host.statfs(at);
    },
  };
  assert.deepEqual(
    filesystem.read(unmounting)!.map(({ mountPoint }) => mountPoint),
    ['/'],
  );
  assert.ok(isGone);
});

test('a name in another script, with spaces and newlines, is told as it is', (t) => {
  const { host } = open(
    t,
    (root) => String.raw`28 27 8:1 / ${root}/mnt/данные\040\012x rw - ext4 /dev/sda1 rw` + '\n',
    {
      '/mnt/данные \nx': SIZES,
    },
    { 'mnt/данные \nx/': '' },
  );
  assert.deepEqual(
    filesystem.read(host)!.map(({ mountPoint }) => mountPoint),
    ['/mnt/данные \nx'],
  );
});

test('a table that cannot be understood is an error, none is not', (t) => {
  const broken = open(t, () => 'nonsense\n', {});
  assert.equal(filesystem.read(broken.host), undefined);
  assert.deepEqual(
    broken.takeFailures().map(({ type }) => type),
    ['parse'],
  );
});
