import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseMountinfo, {
  nothing: ['', []],
  'v2, v1 apart, v1 together, a named hierarchy': [
    `\
47 46 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate,memory_recursiveprot
78 74 0:32 /docker/b3fb /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory
30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd
`,
    [
      {
        root: '/',
        mountPoint: '/sys/fs/cgroup',
        type: 'cgroup2',
        superOptions: ['rw', 'nsdelegate', 'memory_recursiveprot'],
      },
      { root: '/docker/b3fb', mountPoint: '/sys/fs/cgroup/memory', type: 'cgroup', superOptions: ['rw', 'memory'] },
      { root: '/', mountPoint: '/sys/fs/cgroup/cpu,cpuacct', type: 'cgroup', superOptions: ['rw', 'cpu', 'cpuacct'] },
      {
        root: '/',
        mountPoint: '/sys/fs/cgroup/systemd',
        type: 'cgroup',
        superOptions: ['rw', 'xattr', 'release_agent=/lib/agent', 'name=systemd'],
      },
    ],
  ],
  'any number of optional fields': [
    '36 35 98:0 /a /b rw,noatime shared:1 master:2 propagate_from:3 unbindable - ext3 /dev/root rw,errors=continue\n',
    [{ root: '/a', mountPoint: '/b', type: 'ext3', superOptions: ['rw', 'errors=continue'] }],
  ],
  'space, tab, newline and backslash in a path': [
    String.raw`1 2 0:3 /a\040b /mnt/\011\012\134\134040 rw - ext4 /dev/vda1 rw` + '\n',
    [{ root: '/a b', mountPoint: '/mnt/\t\n\\\\040', type: 'ext4', superOptions: ['rw'] }],
  ],
  'a path with " - " in it, which the kernel escapes': [
    String.raw`1 2 0:3 / /a\040-\040b rw - ext4 /dev/vda1 rw` + '\n',
    [{ root: '/', mountPoint: '/a - b', type: 'ext4', superOptions: ['rw'] }],
  ],
  'backslashes that are no escape': [
    String.raw`1 2 0:3 / /\089\200\777\x\04 rw - ext4 /dev/vda1 rw` + '\n',
    [{ root: '/', mountPoint: String.raw`/\089\200\777\x\04`, type: 'ext4', superOptions: ['rw'] }],
  ],
  'names in another script': [
    '1 2 0:3 /корень /データ rw - ext4 /dev/vda1 rw\n',
    [{ root: '/корень', mountPoint: '/データ', type: 'ext4', superOptions: ['rw'] }],
  ],
  'a bind mount whose source was removed': [
    '1 2 0:3 /hosts//deleted /etc/hosts rw - tmpfs tmpfs rw\n',
    [{ root: '/hosts//deleted', mountPoint: '/etc/hosts', type: 'tmpfs', superOptions: ['rw'] }],
  ],
  'roots of a namespace file and of a cgroup outside of ours': [
    '1 2 0:4 net:[4026531992] /run/netns/a rw - nsfs nsfs rw\n1 2 0:3 /../.. /mnt rw - cgroup2 cgroup rw\n',
    [
      { root: 'net:[4026531992]', mountPoint: '/run/netns/a', type: 'nsfs', superOptions: ['rw'] },
      { root: '/../..', mountPoint: '/mnt', type: 'cgroup2', superOptions: ['rw'] },
    ],
  ],
  'an empty source': [
    '1 2 0:3 / /mnt rw - tmpfs  rw,size=1k\n',
    [{ root: '/', mountPoint: '/mnt', type: 'tmpfs', superOptions: ['rw', 'size=1k'] }],
  ],
});

refuses(parseMountinfo, {
  'an empty line': '\n',
  'a line without a newline': '1 2 0:3 / /mnt rw - ext4 /dev/vda1 r',
  'a line without " - "': '1 2 0:3 / /mnt rw\n',
  'a line without options': '1 2 0:3 / /mnt rw - ext4 /dev/vda1\n',
  'a line that ends with the separator': '1 2 0:3 / /mnt rw - \n',
  'too few fields before the separator': '1 2 0:3 / - ext4 /dev/vda1 rw\n',
  'a line of another file': 'cgroup /sys/fs/cgroup cgroup2 rw 0 0\n',
});
