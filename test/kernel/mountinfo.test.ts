import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parses, refuses } from '../support/parser-table.ts';

/** What many lines of the table begin with. */
const FIRST = { id: '1', parent: '2', device: '0:3', options: ['rw'] } as const;

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
        id: '47',
        parent: '46',
        device: '0:26',
        root: '/',
        mountPoint: '/sys/fs/cgroup',
        options: ['ro', 'nosuid', 'nodev', 'noexec', 'relatime'],
        type: 'cgroup2',
        source: 'cgroup',
        superOptions: ['rw', 'nsdelegate', 'memory_recursiveprot'],
      },
      {
        id: '78',
        parent: '74',
        device: '0:32',
        root: '/docker/b3fb',
        mountPoint: '/sys/fs/cgroup/memory',
        options: ['ro', 'relatime'],
        type: 'cgroup',
        source: 'cgroup',
        superOptions: ['rw', 'memory'],
      },
      {
        id: '30',
        parent: '25',
        device: '0:26',
        root: '/',
        mountPoint: '/sys/fs/cgroup/cpu,cpuacct',
        options: ['rw', 'relatime'],
        type: 'cgroup',
        source: 'cgroup',
        superOptions: ['rw', 'cpu', 'cpuacct'],
      },
      {
        id: '40',
        parent: '31',
        device: '0:37',
        root: '/',
        mountPoint: '/sys/fs/cgroup/systemd',
        options: ['rw'],
        type: 'cgroup',
        source: 'cgroup',
        superOptions: ['rw', 'xattr', 'release_agent=/lib/agent', 'name=systemd'],
      },
    ],
  ],
  'any number of optional fields': [
    '36 35 98:0 /a /b rw,noatime shared:1 master:2 propagate_from:3 unbindable - ext3 /dev/root rw,errors=continue\n',
    [
      {
        id: '36',
        parent: '35',
        device: '98:0',
        root: '/a',
        mountPoint: '/b',
        options: ['rw', 'noatime'],
        type: 'ext3',
        source: '/dev/root',
        superOptions: ['rw', 'errors=continue'],
      },
    ],
  ],
  'space, tab, newline and backslash in a path': [
    String.raw`1 2 0:3 /a\040b /mnt/\011\012\134\134040 rw - ext4 /dev/vda1 rw` + '\n',
    [
      {
        ...FIRST,
        root: '/a b',
        mountPoint: '/mnt/\t\n\\\\040',
        type: 'ext4',
        source: '/dev/vda1',
        superOptions: ['rw'],
      },
    ],
  ],
  'a path with " - " in it, which the kernel escapes': [
    String.raw`1 2 0:3 / /a\040-\040b rw - ext4 /dev/vda1 rw` + '\n',
    [{ ...FIRST, root: '/', mountPoint: '/a - b', type: 'ext4', source: '/dev/vda1', superOptions: ['rw'] }],
  ],
  'backslashes that are no escape': [
    String.raw`1 2 0:3 / /\089\200\777\x\04 rw - ext4 /dev/vda1 rw` + '\n',
    [
      {
        ...FIRST,
        root: '/',
        mountPoint: String.raw`/\089\200\777\x\04`,
        type: 'ext4',
        source: '/dev/vda1',
        superOptions: ['rw'],
      },
    ],
  ],
  'names in another script': [
    '1 2 0:3 /корень /データ rw - ext4 /dev/vda1 rw\n',
    [{ ...FIRST, root: '/корень', mountPoint: '/データ', type: 'ext4', source: '/dev/vda1', superOptions: ['rw'] }],
  ],
  'a bind mount whose source was removed': [
    '1 2 0:3 /hosts//deleted /etc/hosts rw - tmpfs tmpfs rw\n',
    [
      {
        ...FIRST,
        root: '/hosts//deleted',
        mountPoint: '/etc/hosts',
        type: 'tmpfs',
        source: 'tmpfs',
        superOptions: ['rw'],
      },
    ],
  ],
  'roots of a namespace file and of a cgroup outside of ours': [
    '1 2 0:4 net:[4026531992] /run/netns/a rw - nsfs nsfs rw\n1 2 0:3 /../.. /mnt rw - cgroup2 cgroup rw\n',
    [
      {
        ...FIRST,
        device: '0:4',
        root: 'net:[4026531992]',
        mountPoint: '/run/netns/a',
        type: 'nsfs',
        source: 'nsfs',
        superOptions: ['rw'],
      },
      { ...FIRST, root: '/../..', mountPoint: '/mnt', type: 'cgroup2', source: 'cgroup', superOptions: ['rw'] },
    ],
  ],
  'a directory of a server, one with a space, and an address': [
    String.raw`1 2 0:3 / /a rw - nfs4 fs1:/home rw` +
      '\n' +
      String.raw`1 2 0:3 / /b rw - cifs //nas/our\040files rw` +
      '\n',
    [
      { ...FIRST, root: '/', mountPoint: '/a', type: 'nfs4', source: 'fs1:/home', superOptions: ['rw'] },
      { ...FIRST, root: '/', mountPoint: '/b', type: 'cifs', source: '//nas/our files', superOptions: ['rw'] },
    ],
  ],
  'an empty source': [
    '1 2 0:3 / /mnt rw - tmpfs  rw,size=1k\n',
    [{ ...FIRST, root: '/', mountPoint: '/mnt', type: 'tmpfs', source: '', superOptions: ['rw', 'size=1k'] }],
  ],
});

refuses(parseMountinfo, {
  'an empty line': '\n',
  'a line without a newline': '1 2 0:3 / /mnt rw - ext4 /dev/vda1 r',
  'a line without " - "': '1 2 0:3 / /mnt rw\n',
  'a line without options': '1 2 0:3 / /mnt rw - ext4 /dev/vda1\n',
  'a line that ends with the separator': '1 2 0:3 / /mnt rw - \n',
  'too few fields before the separator': '1 2 0:3 / - ext4 /dev/vda1 rw\n',
  'a line without options of the mount': '1 2 0:3 / /mnt - ext4 /dev/vda1 rw\n',
  'a line of another file': 'cgroup /sys/fs/cgroup cgroup2 rw 0 0\n',
});
