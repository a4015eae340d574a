import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { container } from '../../instrumentation/cgroup/container.ts';
import { discover } from '../../instrumentation/cgroup/discover.ts';
import { type Limit, type Limits, tightest } from '../../instrumentation/cgroup/limits.ts';
import { systemClock } from '../../src/clock.ts';
import { type KernelFiles, openKernelFiles } from '../../src/host.ts';
import { emitted } from '../support/emitted.ts';
import { removedFilesAreDead } from '../support/kernfs.ts';
import { createTree } from '../support/tree.ts';

type Files = Readonly<Record<string, string>>;

const MOUNT = 'sys/fs/cgroup';

/** The files of one cgroup, and the use that they tell of. */
const OWN_V2: Files = {
  'cgroup.type': 'domain\n',
  'cpu.stat': 'usage_usec 3500000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 0\n',
  'memory.current': '1000000\n',
  'memory.stat': 'inactive_anon 5\ninactive_file 400000\n',
};
const OWN_CPU_V1: Files = { 'cpuacct.usage': '3500000000\n', 'cpuacct.stat': 'user 200\nsystem 100\n' };
const OWN_MEMORY_V1: Files = {
  'memory.usage_in_bytes': '1000000\n',
  'memory.stat':
    'inactive_file 5\nhierarchical_memory_limit 9223372036854771712\nhierarchical_memsw_limit 7\ntotal_inactive_file 400000\n',
};
const CPU_USE = { 'cpuTime user': 2, 'cpuTime system': 1 };
const MEMORY_USE = { memoryUsage: 1000000, workingSet: 600000 };
const USE = { ...CPU_USE, ...MEMORY_USE };

/** Those of another one, which must not be taken for it. */
const OTHER_V2: Files = {
  'cgroup.type': 'domain\n',
  'cpu.stat': 'usage_usec 9000000\nuser_usec 9000000\nsystem_usec 9000000\n',
  'memory.current': '9\n',
  'memory.stat': 'inactive_file 9\n',
};
const OTHER_V1: Files = {
  'cpuacct.usage': '9\n',
  'cpuacct.stat': 'user 9\nsystem 9\n',
  'memory.usage_in_bytes': '9\n',
  'memory.stat': 'total_inactive_file 9\n',
};
const { 'cgroup.type': _, ...ROOT_V2 } = OTHER_V2;
const ROOT_V1: Files = { ...OTHER_V1, release_agent: '\n' };

const V2_MOUNT = '28 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';

function within(directory: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [`${directory}/${file}`, content]));
}

function known(limits: Limits | undefined): readonly Limit[] {
  assert.notEqual(limits, 'unknown');
  return limits === 'unknown' ? [] : (limits ?? []);
}

function open(t: TestContext, files: Files): KernelFiles {
  const tree = createTree(files);
  const kernel = openKernelFiles(tree.root, systemClock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  return kernel;
}

function openProcess(t: TestContext, cgroup: string, mountinfo: string, files: Files): KernelFiles {
  return open(t, { 'proc/self/cgroup': cgroup, 'proc/self/mountinfo': mountinfo, ...files });
}

/** Without what is made of the limit and the use: test/cgroup/container.test.ts looks at that. */
function numbers({ host }: KernelFiles): Readonly<Record<string, number>> {
  const snapshot = container.read(host);
  const { memoryAvailable: _, ...rest } = snapshot ? emitted(container, snapshot) : {};
  return rest;
}

interface Layout {
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly files: Files;
  /** The own directory for each controller. */
  readonly own: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, number>>;
  /** It is somewhere, but not below what is mounted. */
  readonly isHidden?: boolean;
}

const layouts: Readonly<Record<string, Layout>> = {
  'v1, each controller apart': {
    cgroup: '9:name=systemd:/x\n4:memory:/jobs/7\n3:cpuset:/jobs\n2:cpuacct:/jobs/7\n1:cpu:/jobs/7\n',
    mountinfo: `\
32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
`,
    files: {
      ...within(`${MOUNT}/cpuacct`, ROOT_V1),
      ...within(`${MOUNT}/cpuacct/jobs`, OTHER_V1),
      ...within(`${MOUNT}/cpuacct/jobs/7`, OWN_CPU_V1),
      ...within(`${MOUNT}/memory`, ROOT_V1),
      ...within(`${MOUNT}/memory/jobs`, OTHER_V1),
      ...within(`${MOUNT}/memory/jobs/7`, OWN_MEMORY_V1),
      [`${MOUNT}/cpu/jobs/7/`]: '',
      [`${MOUNT}/cpuset/jobs/`]: '',
    },
    own: {
      cpu: '/sys/fs/cgroup/cpu/jobs/7',
      cpuacct: '/sys/fs/cgroup/cpuacct/jobs/7',
      cpuset: '/sys/fs/cgroup/cpuset/jobs',
      memory: '/sys/fs/cgroup/memory/jobs/7',
    },
    numbers: USE,
  },
  'v1, cpu and cpuacct mounted together': {
    cgroup: '4:memory:/jobs/7\n3:cpuacct,cpu:/jobs/7\n',
    mountinfo: `\
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`,
    files: {
      ...within(`${MOUNT}/cpu,cpuacct/jobs/7`, {
        ...OWN_CPU_V1,
        'cpu.cfs_quota_us': '50000\n',
        'cpu.cfs_period_us': '100000\n',
      }),
      ...within(`${MOUNT}/memory/jobs/7`, OWN_MEMORY_V1),
    },
    own: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct/jobs/7',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct/jobs/7',
      memory: '/sys/fs/cgroup/memory/jobs/7',
    },
    numbers: { ...USE, cpuLimit: 0.5 },
  },
  'v1, a container for which its own directories are mounted': {
    cgroup: '4:memory:/docker/34dc\n1:cpu,cpuacct:/docker/34dc\n0::/docker/34dc\n',
    mountinfo: `\
75 74 0:29 /docker/34dc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
78 74 0:32 /docker/34dc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
`,
    files: { ...within(`${MOUNT}/cpu,cpuacct`, OWN_CPU_V1), ...within(`${MOUNT}/memory`, OWN_MEMORY_V1) },
    own: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory',
    },
    numbers: USE,
  },
  'v2, seen from the host, four deep': {
    cgroup: '0::/a.slice/b.slice/c.slice/d.scope\n',
    mountinfo: V2_MOUNT,
    files: {
      ...within(MOUNT, ROOT_V2),
      ...within(`${MOUNT}/a.slice`, OTHER_V2),
      ...within(`${MOUNT}/a.slice/b.slice`, OTHER_V2),
      ...within(`${MOUNT}/a.slice/b.slice/c.slice`, OTHER_V2),
      ...within(`${MOUNT}/a.slice/b.slice/c.slice/d.scope`, OWN_V2),
    },
    own: { unified: '/sys/fs/cgroup/a.slice/b.slice/c.slice/d.scope' },
    numbers: USE,
  },
  'v2, in a namespace of its own': {
    cgroup: '0::/\n',
    mountinfo: V2_MOUNT,
    files: within(MOUNT, OWN_V2),
    own: { unified: '/sys/fs/cgroup' },
    numbers: USE,
  },
  'v2, below the root of a namespace': {
    cgroup: '0::/init.scope\n',
    mountinfo: V2_MOUNT,
    files: { ...within(MOUNT, OTHER_V2), ...within(`${MOUNT}/init.scope`, OWN_V2) },
    own: { unified: '/sys/fs/cgroup/init.scope' },
    numbers: USE,
  },
  'hybrid: v1 for all that counts, v2 beside it': {
    cgroup: '4:memory:/jobs/7\n1:cpu,cpuacct:/jobs/7\n0::/jobs/7\n',
    mountinfo: `\
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
    files: {
      ...within(`${MOUNT}/cpu,cpuacct/jobs/7`, {
        ...OWN_CPU_V1,
        'cpu.cfs_quota_us': '50000\n',
        'cpu.cfs_period_us': '100000\n',
      }),
      ...within(`${MOUNT}/memory/jobs/7`, OWN_MEMORY_V1),
      ...within(`${MOUNT}/unified/jobs/7`, OTHER_V2),
    },
    own: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct/jobs/7',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct/jobs/7',
      memory: '/sys/fs/cgroup/memory/jobs/7',
      unified: '/sys/fs/cgroup/unified/jobs/7',
    },
    numbers: { ...USE, cpuLimit: 0.5 },
  },
  'hybrid: the host for the CPU, a cgroup for memory': {
    cgroup: '4:memory:/jobs/7\n1:cpu,cpuacct:/\n0::/\n',
    mountinfo: `\
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
    files: {
      ...within(`${MOUNT}/cpu,cpuacct`, ROOT_V1),
      ...within(`${MOUNT}/memory`, ROOT_V1),
      ...within(`${MOUNT}/memory/jobs/7`, OWN_MEMORY_V1),
      ...within(`${MOUNT}/unified`, ROOT_V2),
    },
    own: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory/jobs/7',
      unified: '/sys/fs/cgroup/unified',
    },
    numbers: MEMORY_USE,
  },
  'v2, the memory controller not enabled for the own cgroup: the kernel charges the nearest that has it': {
    cgroup: '0::/a/b\n',
    mountinfo: V2_MOUNT,
    files: {
      ...within(`${MOUNT}/a`, { ...OTHER_V2, 'memory.max': '1000\n' }),
      [`${MOUNT}/a/b/cgroup.type`]: 'domain\n',
      [`${MOUNT}/a/b/cpu.stat`]: OWN_V2['cpu.stat']!,
    },
    own: { unified: '/sys/fs/cgroup/a/b' },
    numbers: { ...CPU_USE, memoryUsage: 9, workingSet: 0, memoryLimit: 1000 },
  },
  'a second mount of cgroup2, which shows another part': {
    cgroup: '0::/jobs/7\n',
    mountinfo: `27 23 0:26 /jobs/70 /mnt rw - cgroup2 cgroup2 rw\n26 23 0:26 /other /jobs rw - cgroup2 cgroup2 rw\n${V2_MOUNT}`,
    files: {
      ...within('mnt', OTHER_V2),
      ...within('jobs/7', OTHER_V2),
      ...within(`${MOUNT}/jobs/7`, OWN_V2),
    },
    own: { unified: '/sys/fs/cgroup/jobs/7' },
    numbers: USE,
  },
  'a mount that is covered by another file system, then one that is not': {
    cgroup: '0::/jobs/7\n',
    mountinfo: `27 23 0:26 / /covered rw - cgroup2 cgroup2 rw\n${V2_MOUNT}`,
    files: { 'covered/jobs/': '', ...within(`${MOUNT}/jobs/7`, OWN_V2) },
    own: { unified: '/sys/fs/cgroup/jobs/7' },
    numbers: USE,
  },
  'blanks, backslashes, colons and other scripts in the names': {
    cgroup: '0::/my jobs/a\\b:задание\n',
    mountinfo: String.raw`28 23 0:26 / /c\040group\134s rw - cgroup2 cgroup2 rw` + '\n',
    files: within('c group\\s/my jobs/a\\b:задание', OWN_V2),
    own: { unified: '/c group\\s/my jobs/a\\b:задание' },
    numbers: USE,
  },
  'a process outside of its namespace': {
    isHidden: true,
    cgroup: '0::/../..\n',
    mountinfo: V2_MOUNT,
    files: within(MOUNT, OTHER_V2),
    own: {},
    numbers: {},
  },
  'a process in another branch than its namespace': {
    isHidden: true,
    cgroup: '0::/../other\n',
    mountinfo: `27 23 0:26 /.. /mnt rw - cgroup2 cgroup2 rw\n${V2_MOUNT}`,
    files: { ...within('mnt/other', OTHER_V2), ...within(`${MOUNT}/other`, OTHER_V2) },
    own: {},
    numbers: {},
  },
  'a mount that does not show the own cgroup, but one whose name begins alike': {
    isHidden: true,
    cgroup: '0::/jobs/70\n',
    mountinfo: '27 23 0:26 /jobs/7 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    files: {
      ...within(MOUNT, OTHER_V2),
      ...within(`${MOUNT}/jobs/70`, OTHER_V2),
      ...within(`${MOUNT}0`, OTHER_V2),
    },
    own: {},
    numbers: {},
  },
  'a cgroup that was removed under the process': {
    isHidden: true,
    cgroup: '0::/jobs/7 (deleted)\n',
    mountinfo: V2_MOUNT,
    files: { ...within(`${MOUNT}/jobs`, OTHER_V2), ...within(`${MOUNT}/jobs/7`, OTHER_V2) },
    own: {},
    numbers: {},
  },
  'a named hierarchy alone': {
    cgroup: '1:name=systemd:/jobs/7\n',
    mountinfo: '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n',
    files: within(`${MOUNT}/systemd/jobs/7`, OTHER_V1),
    own: {},
    numbers: {},
  },
  'nothing mounted': {
    cgroup: '0::/jobs/7\n',
    mountinfo: '22 27 0:21 / /proc rw - proc proc rw\n',
    files: within(`${MOUNT}/jobs/7`, OTHER_V2),
    own: {},
    numbers: {},
  },
  'v2, a process of the host itself': {
    cgroup: '0::/\n',
    mountinfo: V2_MOUNT,
    files: within(MOUNT, ROOT_V2),
    own: { unified: '/sys/fs/cgroup' },
    numbers: {},
  },
  'v1, a process of the host itself': {
    cgroup: '4:memory:/\n1:cpu,cpuacct:/\n',
    mountinfo: `\
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`,
    files: {
      ...within(`${MOUNT}/cpu,cpuacct`, { ...ROOT_V1, 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' }),
      ...within(`${MOUNT}/memory`, ROOT_V1),
    },
    own: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory',
    },
    numbers: {},
  },
};

suite('the own cgroup', () => {
  for (const [name, layout] of Object.entries(layouts)) {
    test(name, (t) => {
      const kernel = openProcess(t, layout.cgroup, layout.mountinfo, layout.files);
      const { isHidden, ...cgroups } = discover(kernel.host) ?? { isHidden: false };
      const own = Object.entries(cgroups).map(([key, { directories }]) => [key, directories[0]]);
      assert.equal(isHidden, layout.isHidden ?? false);
      assert.deepEqual(Object.fromEntries(own), layout.own);
      assert.deepEqual(numbers(kernel), layout.numbers);
      assert.deepEqual(kernel.takeFailures(), []);
    });
  }

  test('a kernel without cgroups', (t) => {
    const kernel = open(t, { 'proc/stat': '' });
    assert.equal(container.read(kernel.host), undefined);
    assert.deepEqual(kernel.takeFailures(), []);
  });
});

suite('a host that is mounted at the root path', () => {
  const openHost = (t: TestContext, cgroup: string, mountinfo: (root: string) => string, files: Files): KernelFiles => {
    const kernel = openProcess(t, cgroup, '', files);
    writeFileSync(path.join(kernel.host.root, 'proc/self/mountinfo'), mountinfo(kernel.host.root));
    return kernel;
  };

  test('its mounts are named from our own root', (t) => {
    const kernel = openHost(
      t,
      '0::/jobs/7\n',
      (root) => `51 50 0:26 / ${root}/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n`,
      within(`${MOUNT}/jobs/7`, OWN_V2),
    );
    assert.equal(discover(kernel.host)?.unified?.directories[0], '/sys/fs/cgroup/jobs/7');
    assert.deepEqual(numbers(kernel), USE);
  });

  test('our own mounts, which stand before its, do not name its directories', (t) => {
    // In the host's tree /sys/fs/cgroup/init.scope is the host's, whatever our own mount of that name shows.
    const kernel = openHost(
      t,
      '0::/init.scope\n',
      (root) => `\
47 46 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw
51 50 0:26 /../.. ${root}/sys/fs/cgroup rw - cgroup2 cgroup rw
`,
      { ...within(`${MOUNT}/init.scope`, OTHER_V2), ...within(`${MOUNT}/docker/34dc/init.scope`, OWN_V2) },
    );
    assert.deepEqual(numbers(kernel), {});
  });

  test('v1: our own directory is found in its tree, although it is mounted for us elsewhere too', (t) => {
    const kernel = openHost(
      t,
      '4:memory:/docker/34dc\n',
      (root) => `\
78 74 0:32 /docker/34dc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
98 74 0:32 / ${root}/sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
`,
      { ...within(`${MOUNT}/memory`, ROOT_V1), ...within(`${MOUNT}/memory/docker/34dc`, OWN_MEMORY_V1) },
    );
    assert.equal(discover(kernel.host)?.memory?.directories[0], '/sys/fs/cgroup/memory/docker/34dc');
    assert.deepEqual(numbers(kernel), MEMORY_USE);
  });
});

const [LEAF, PARENT, GRANDPARENT] = ['/sys/fs/cgroup/a/b/c', '/sys/fs/cgroup/a/b', '/sys/fs/cgroup/a'] as const;
const LEVELS = [LEAF, PARENT, GRANDPARENT];

/** A process in /a/b/c, with one file at each level, or none. */
function openLevels(t: TestContext, version: 1 | 2, levels: readonly (Files | undefined)[]): KernelFiles {
  return openProcess(
    t,
    version === 1 ? '1:cpu,cpuacct,cpuset,memory:/a/b/c\n' : '0::/a/b/c\n',
    version === 1 ? '30 25 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu,cpuacct,cpuset,memory\n' : V2_MOUNT,
    Object.assign(
      within(LEAF.slice(1), version === 1 ? { ...OWN_CPU_V1, ...OWN_MEMORY_V1 } : OWN_V2),
      ...levels.map((files, level) => within(LEVELS[level]!.slice(1), files ?? {})),
    ),
  );
}

type Row = readonly [leaf: string, parent: string, grandparent: string, value?: number, directory?: string];

function testLevels(
  version: 1 | 2,
  metric: 'cpuLimit' | 'memoryLimit',
  rows: Readonly<Record<string, Row>>,
  fileOf: (content: string) => Files,
): void {
  for (const [name, [leaf, parent, grandparent, value, directory]] of Object.entries(rows)) {
    test(`v${version} ${metric}: ${name}`, (t) => {
      const kernel = openLevels(t, version, [fileOf(leaf), fileOf(parent), fileOf(grandparent)]);
      const snapshot = container.read(kernel.host);
      const limit = tightest(known(metric === 'cpuLimit' ? snapshot?.quotas : snapshot?.memory?.limits));
      assert.deepEqual([limit?.value, limit?.directory], [value, directory]);
      assert.deepEqual(numbers(kernel), { ...USE, ...(value !== undefined && { [metric]: value }) });
      assert.deepEqual(kernel.takeFailures(), []);
    });
  }
}

suite('the tightest limit holds, wherever it is', () => {
  testLevels(
    2,
    'cpuLimit',
    {
      'in the leaf': ['50000 100000', '100000 100000', '150000 100000', 0.5, LEAF],
      'in the parent': ['200000 100000', '50000 100000', 'max 100000', 0.5, PARENT],
      'in the grandparent': ['max 100000', '100000 100000', '12500 50000', 0.25, GRANDPARENT],
      'only in the grandparent': ['max 100000', 'max 100000', '300000 100000', 3, GRANDPARENT],
      nowhere: ['max 100000', 'max 100000', 'max 100000'],
    },
    (content) => ({ 'cpu.max': `${content}\n` }),
  );
  testLevels(
    2,
    'memoryLimit',
    {
      'in the leaf': ['1048576', '2097152', '4194304', 1048576, LEAF],
      'in the parent': ['4194304', '1048576', 'max', 1048576, PARENT],
      'in the grandparent': ['max', '2097152', '1048576', 1048576, GRANDPARENT],
      'only in the grandparent': ['max', 'max', '1048576', 1048576, GRANDPARENT],
      nowhere: ['max', 'max', 'max'],
    },
    (content) => ({ 'memory.max': `${content}\n` }),
  );
  testLevels(
    1,
    'cpuLimit',
    {
      'in the leaf': ['50000 100000', '100000 100000', '150000 100000', 0.5, LEAF],
      'in the parent': ['200000 100000', '50000 100000', '-1 100000', 0.5, PARENT],
      'in the grandparent': ['-1 100000', '100000 100000', '12500 50000', 0.25, GRANDPARENT],
      nowhere: ['-1 100000', '-1 100000', '-1 100000'],
    },
    (content) => {
      const [quota, period] = content.split(' ');
      return { 'cpu.cfs_quota_us': `${quota}\n`, 'cpu.cfs_period_us': `${period}\n` };
    },
  );

  test('v2: levels without the files, where the controllers are not enabled, are passed over', (t) => {
    const kernel = openLevels(t, 2, [{}, {}, { 'cpu.max': '50000 100000\n', 'memory.max': '1048576\n' }]);
    assert.deepEqual(numbers(kernel), { ...USE, cpuLimit: 0.5, memoryLimit: 1048576 });
  });

  const limitsV1 = (leaf: string, parent: string, hierarchical?: string) => [
    {
      'memory.limit_in_bytes': `${leaf}\n`,
      'memory.stat': `${hierarchical === undefined ? '' : `hierarchical_memory_limit ${hierarchical}\n`}total_inactive_file 400000\n`,
    },
    { 'memory.limit_in_bytes': `${parent}\n` },
  ];
  const NONE = '9223372036854771712';
  const tables: Readonly<Record<string, readonly [levels: Files[], limit: number | undefined, directory?: string]>> = {
    'the hierarchical limit is tighter than the own': [limitsV1('4194304', NONE, '1048576'), 1048576, LEAF],
    'ancestors do not count where the hierarchical limit says so': [limitsV1(NONE, '4096', NONE), undefined],
    'no hierarchical limit, the parent is the tightest': [limitsV1('4194304', '1048576'), 1048576, PARENT],
    'no hierarchical limit, only the leaf has one': [limitsV1('4194304', NONE), 4194304, LEAF],
    'no hierarchical limit, none at all': [limitsV1(NONE, NONE), undefined],
    'pages of 64 KiB': [limitsV1('9223372036854710272', '9223372036854710272'), undefined],
  };
  for (const [name, [levels, limit, directory]] of Object.entries(tables)) {
    test(`v1 memoryLimit: ${name}`, (t) => {
      const kernel = openLevels(t, 1, levels);
      assert.deepEqual(numbers(kernel), { ...USE, ...(limit !== undefined && { memoryLimit: limit }) });
      assert.equal(tightest(known(container.read(kernel.host)?.memory?.limits))?.directory, directory);
    });
  }

  test('v1: a quota without its period, or with one of zero, is no limit', (t) => {
    const kernel = openLevels(t, 1, [
      { 'cpu.cfs_quota_us': '50000\n' },
      { 'cpu.cfs_quota_us': '50000\n', 'cpu.cfs_period_us': '0\n' },
      { 'cpu.cfs_quota_us': '0\n', 'cpu.cfs_period_us': '0\n' },
    ]);
    assert.deepEqual(numbers(kernel), USE);
  });
});

suite('the CPU set', () => {
  const cpusets: Readonly<
    Record<string, readonly [levels: (string | undefined)[], count?: number, directory?: string]>
  > = {
    own: [['0-1,4\n', '0-7\n', '0-15\n'], 3, LEAF],
    'of the parent, where the controller is not enabled below': [[undefined, '0-7\n', '0-15\n'], 8, PARENT],
    'of the grandparent': [[undefined, undefined, '0-15\n'], 16, GRANDPARENT],
    none: [[undefined, undefined, undefined]],
    'empty: none of the ancestors is asked': [['\n', '0-7\n', undefined]],
  };
  for (const [version, file] of [
    [1, 'cpuset.effective_cpus'],
    [2, 'cpuset.cpus.effective'],
  ] as const) {
    for (const [name, [levels, value, directory]] of Object.entries(cpusets)) {
      test(`v${version}: ${name}`, (t) => {
        const kernel = openLevels(
          t,
          version,
          levels.map((list) => (list === undefined ? undefined : { [file]: list })),
        );
        const expected = value === undefined ? [] : [{ value, source: 'cgroup_cpuset', file, directory }];
        assert.deepEqual(container.read(kernel.host)?.cpuLimits, expected);
        assert.deepEqual(kernel.takeFailures(), []);
      });
    }
  }
});

suite('a cgroup whose files cannot be read is there all the same: the host’s numbers do not take its place', () => {
  const files: Readonly<Record<1 | 2, readonly [cpu: Files, memory: string]>> = {
    1: [{ 'cpuacct.usage': 'x\n', 'cpuacct.stat': 'user x\n' }, 'memory.usage_in_bytes'],
    2: [{ 'cpu.stat': 'usage_usec x\n' }, 'memory.current'],
  };
  for (const version of [1, 2] as const) {
    test(`v${version}`, (t) => {
      const [cpu, memory] = files[version];
      const kernel = openLevels(t, version, [{ ...cpu, [memory]: 'x\n' }]);
      const snapshot = container.read(kernel.host);
      assert.deepEqual([snapshot?.cpu?.usage, snapshot?.memory?.usage], [undefined, undefined]);
      assert.notEqual(snapshot?.cpu?.path, undefined);
      assert.notEqual(snapshot?.memory?.path, undefined);
      assert.ok(kernel.takeFailures().length > 0);
    });
  }
});

suite('what cannot be read is absent and counted', () => {
  const { workingSet: _, ...rest } = USE;
  const broken: Readonly<Record<string, readonly [version: 1 | 2, files: Files, type: string]>> = {
    'v2: memory.stat is malformed': [2, { 'memory.stat': 'anon 5\ninactive_file many\n' }, 'parse'],
    'v2: memory.stat was cut off': [2, { 'memory.stat': 'anon 5\ninactive_file 4000' }, 'parse'],
    'v1: memory.stat is malformed': [1, { 'memory.stat': 'total_inactive_file -4\n' }, 'parse'],
  };
  for (const [name, [version, files, type]] of Object.entries(broken)) {
    test(`${name}: usage without working set`, (t) => {
      const kernel = openLevels(t, version, [files]);
      assert.deepEqual(numbers(kernel), rest);
      assert.deepEqual(
        kernel.takeFailures().map((failure) => [path.basename(failure.path), failure.type]),
        [['memory.stat', type]],
      );
    });
  }

  test('v2: memory.stat is unreadable: usage without working set', (t) => {
    const { 'memory.stat': _, ...others } = OWN_V2;
    const kernel = openProcess(t, '0::/a\n', V2_MOUNT, within(`${MOUNT}/a`, { ...others, 'memory.stat/': '' }));
    assert.deepEqual(numbers(kernel), rest);
    assert.deepEqual(
      kernel.takeFailures().map((failure) => [path.basename(failure.path), failure.type]),
      [['memory.stat', 'EISDIR']],
    );
  });

  test('more inactive pages than usage, read a moment later: the working set is zero, not below', (t) => {
    const kernel = openLevels(t, 2, [{ 'memory.current': '300000\n' }]);
    assert.deepEqual(numbers(kernel), { ...CPU_USE, memoryUsage: 300000, workingSet: 0 });
  });

  test('a malformed /proc/self/cgroup tells of no container', (t) => {
    const kernel = openProcess(t, '0::/a\n0:', V2_MOUNT, within(`${MOUNT}/a`, OWN_V2));
    assert.deepEqual(numbers(kernel), {});
    assert.deepEqual(
      kernel.takeFailures().map(({ type }) => type),
      ['parse'],
    );
  });
});

test('a cgroup that is removed between two reads is absent, one that is made anew in its place is read', (t) => {
  removedFilesAreDead(t);
  const kernel = openLevels(t, 2, [{ 'cpu.max': '50000 100000\n', 'memory.max': '1048576\n' }]);
  const directory = path.join(kernel.host.root, LEAF);
  const kept = path.join(kernel.host.root, 'kept');
  cpSync(directory, kept, { recursive: true });
  assert.deepEqual(numbers(kernel), { ...USE, cpuLimit: 0.5, memoryLimit: 1048576 });

  rmSync(directory, { recursive: true });
  kernel.endTick();
  assert.deepEqual(numbers(kernel), {});
  assert.deepEqual(kernel.takeFailures(), []);

  cpSync(kept, directory, { recursive: true });
  writeFileSync(path.join(directory, 'memory.current'), '500000\n');
  kernel.endTick();
  assert.deepEqual(numbers(kernel), {
    ...CPU_USE,
    memoryUsage: 500000,
    workingSet: 100000,
    cpuLimit: 0.5,
    memoryLimit: 1048576,
  });
});
