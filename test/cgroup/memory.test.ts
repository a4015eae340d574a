import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { containerMemory } from '../../instrumentation/cgroup/memory.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, V2_MOUNT, within } from './trees.ts';

const V2: Files = {
  'memory.current': '1000000\n',
  'memory.peak': '5000000\n',
  'memory.high': '8000000\n',
  'memory.swap.current': '4096\n',
  'memory.swap.max': '1048576\n',
  'memory.events': 'low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n',
  'memory.events.local': 'low 9\nhigh 9\nmax 9\noom 9\noom_kill 9\noom_group_kill 9\n',
};
const NUMBERS_V2: Readonly<Record<string, number>> = {
  peak: 5000000,
  high: 8000000,
  swap: 4096,
  swapLimit: 1048576,
  'events low': 1,
  'events high': 2,
  'events max': 3,
  'events oom': 4,
  'events oom_kill': 5,
  'events oom_group_kill': 6,
};
const V1: Files = {
  'memory.max_usage_in_bytes': '5000000\n',
  'memory.stat': 'swap 9\nhierarchical_memsw_limit 9223372036854771712\ntotal_swap 4096\n',
  'memory.failcnt': '17\n',
  'memory.oom_control': 'oom_kill_disable 0\nunder_oom 1\noom_kill 2\n',
};
const NUMBERS_V1: Readonly<Record<string, number>> = {
  peak: 5000000,
  swap: 4096,
  'events max': 17,
  'events oom_kill': 2,
};

/** What each file alone is behind. */
const BEHIND: Readonly<Record<1 | 2, Readonly<Record<string, RegExp>>>> = {
  1: {
    'memory.max_usage_in_bytes': /^peak$/,
    'memory.stat': /^swap$/,
    'memory.failcnt': /^events max$/,
    'memory.oom_control': /^events oom_kill$/,
  },
  2: {
    'memory.peak': /^peak$/,
    'memory.high': /^high$/,
    'memory.swap.current': /^swap$/,
    'memory.swap.max': /^swapLimit$/,
    'memory.events': /^events /,
  },
};

suite('every file', () => {
  for (const [version, files, numbers] of [
    [1, V1, NUMBERS_V1],
    [2, V2, NUMBERS_V2],
  ] as const) {
    test(`v${version}`, (t) => {
      const kernel = openLevels(t, version, [files]);
      assert.deepEqual(numbersOf(containerMemory, kernel), numbers);
      assert.deepEqual(failuresOf(kernel), []);
    });
    for (const [file, behind] of Object.entries(BEHIND[version])) {
      const rest = Object.fromEntries(Object.entries(numbers).filter(([name]) => !behind.test(name)));
      test(`v${version}: without ${file}, all but its own numbers`, (t) => {
        const kernel = openLevels(t, version, [files]);
        rmSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c', file));
        assert.deepEqual(numbersOf(containerMemory, kernel), rest);
        assert.deepEqual(failuresOf(kernel), []);
      });
      test(`v${version}: with ${file} cut off, all but its own numbers`, (t) => {
        const kernel = openLevels(t, version, [{ ...files, [file]: files[file]!.slice(0, -1) }]);
        assert.deepEqual(numbersOf(containerMemory, kernel), rest);
        assert.deepEqual(failuresOf(kernel), [`${file} parse`]);
      });
    }
  }
});

test('v2: a kernel that does not tell of group kills', (t) => {
  const { 'events oom_group_kill': _, ...rest } = NUMBERS_V2;
  const kernel = openLevels(t, 2, [{ ...V2, 'memory.events': 'low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n' }]);
  assert.deepEqual(numbersOf(containerMemory, kernel), rest);
});

test('v1: a kernel that does not count kills', (t) => {
  const { 'events oom_kill': _, ...rest } = NUMBERS_V1;
  const kernel = openLevels(t, 1, [{ ...V1, 'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\n' }]);
  assert.deepEqual(numbersOf(containerMemory, kernel), rest);
});

suite('v2: the tightest of swap limits and of slowing down, on three levels', () => {
  const rows: Readonly<Record<string, readonly [own: string, parent: string, grandparent: string, tightest?: number]>> =
    {
      own: ['1000', '2000', 'max', 1000],
      'of the parent': ['max', '2000', '3000', 2000],
      'of the grandparent': ['max', 'max', '0', 0],
      none: ['max', 'max', 'max'],
    };
  for (const [name, [own, parent, grandparent, tightest]] of Object.entries(rows)) {
    test(name, (t) => {
      const limits = (value: string) => ({ 'memory.high': `${value}\n`, 'memory.swap.max': `${value}\n` });
      const kernel = openLevels(t, 2, [{ ...V2, ...limits(own) }, limits(parent), limits(grandparent)]);
      const { high, swapLimit } = numbersOf(containerMemory, kernel);
      assert.deepEqual([high, swapLimit], [tightest, tightest]);
    });
  }

  test('one that cannot be understood: which is the tightest is not known', (t) => {
    const kernel = openLevels(t, 2, [V2, { 'memory.high': 'x\n', 'memory.swap.max': 'x\n' }]);
    const { high, swapLimit } = numbersOf(containerMemory, kernel);
    assert.deepEqual([high, swapLimit], [undefined, undefined]);
    assert.deepEqual(failuresOf(kernel), ['memory.high parse', 'memory.swap.max parse']);
  });
});

test('v2: without the controller, the memory is that of the nearest ancestor that has it', (t) => {
  const kernel = openLevels(t, 2, [{ 'memory.pressure': '' }, V2, { ...V2, 'memory.peak': '9\n' }]);
  assert.deepEqual(numbersOf(containerMemory, kernel), NUMBERS_V2);
  assert.equal(identityOf(containerMemory, kernel), '/a/b');
  assert.deepEqual(numbersOf(containerMemory, openLevels(t, 2, [{ 'memory.pressure': '' }])), {});
});

test('v2: a private namespace, in which the own cgroup is what is mounted', (t) => {
  const kernel = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', { ...V2, 'cgroup.type': 'domain\n' }),
  });
  assert.deepEqual(numbersOf(containerMemory, kernel), NUMBERS_V2);
});

test('in the host’s root there is no container', (t) => {
  const v2 = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', V2),
  });
  assert.equal(containerMemory.read(v2.host), undefined);
  const v1 = open(t, {
    'proc/self/cgroup': '4:memory:/\n',
    'proc/self/mountinfo': '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
    ...within('sys/fs/cgroup/memory', { ...V1, release_agent: '\n' }),
  });
  assert.equal(containerMemory.read(v1.host), undefined);
});

test('hybrid: v1 counts, whatever stands beside it in v2', (t) => {
  const kernel = open(t, {
    'proc/self/cgroup': '4:memory:/jobs/7\n0::/jobs/7\n',
    'proc/self/mountinfo': `\
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
    ...within('sys/fs/cgroup/memory/jobs/7', V1),
    ...within('sys/fs/cgroup/unified/jobs/7', V2),
  });
  assert.deepEqual(numbersOf(containerMemory, kernel), NUMBERS_V1);
});

test('a process that was moved has the counters of another cgroup', (t) => {
  const kernel = openLevels(t, 1, [V1, V1]);
  assert.equal(identityOf(containerMemory, kernel), '/a/b/c');
  writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '1:memory:/a/b\n');
  assert.equal(identityOf(containerMemory, kernel), '/a/b');
});
