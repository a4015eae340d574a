import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { container, type Container } from '../../instrumentation/cgroup/container.ts';
import { emitted } from '../support/emitted.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, within } from './trees.ts';

const STAT_V2: Readonly<Record<string, number>> = {
  anon: 1,
  file: 2,
  kernel: 3,
  kernel_stack: 4,
  pagetables: 5,
  percpu: 6,
  sock: 7,
  shmem: 8,
  file_mapped: 9,
  file_dirty: 10,
  file_writeback: 11,
  slab_reclaimable: 12,
  slab_unreclaimable: 13,
};
const STAT_V1: Readonly<Record<string, readonly [state: string, bytes: number]>> = {
  total_rss: ['anon', 1],
  total_cache: ['file', 2],
  total_shmem: ['shmem', 3],
  total_mapped_file: ['file_mapped', 4],
  total_dirty: ['file_dirty', 5],
  total_writeback: ['file_writeback', 6],
};
const lines = (numbers: Readonly<Record<string, number>>) =>
  Object.entries(numbers)
    .map(([key, value]) => `${key} ${value}\n`)
    .join('');

/** The numbers that come from memory.stat. */
function statNumbers(numbers: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(numbers).filter(([name]) => /^(memoryStat|memoryRss|pagingFaults)/.test(name)),
  );
}

suite('what memory is used for', () => {
  test('v2: the kernel’s words', (t) => {
    const kernel = openLevels(t, 2, [{ 'memory.current': '99\n', 'memory.stat': lines({ ...STAT_V2, anon_thp: 99 }) }]);
    assert.deepEqual(statNumbers(numbersOf(container, kernel)), {
      memoryRss: 1,
      ...Object.fromEntries(Object.entries(STAT_V2).map(([state, bytes]) => [`memoryStat ${state}`, bytes])),
    });
  });

  test('v1: the same words, from the lines that count the cgroups below too', (t) => {
    const totals = Object.fromEntries(Object.entries(STAT_V1).map(([key, [, bytes]]) => [key, bytes]));
    const own = Object.fromEntries(Object.keys(STAT_V1).map((key) => [key.replace('total_', ''), 99]));
    const kernel = openLevels(t, 1, [{ 'memory.usage_in_bytes': '99\n', 'memory.stat': lines({ ...own, ...totals }) }]);
    assert.deepEqual(statNumbers(numbersOf(container, kernel)), {
      memoryRss: 1,
      ...Object.fromEntries(Object.values(STAT_V1).map(([state, bytes]) => [`memoryStat ${state}`, bytes])),
    });
  });

  for (const state of Object.keys(STAT_V2)) {
    test(`a kernel that does not tell of ${state}`, (t) => {
      const { [state]: _, ...rest } = STAT_V2;
      const kernel = openLevels(t, 2, [{ 'memory.current': '99\n', 'memory.stat': lines(rest) }]);
      const numbers = numbersOf(container, kernel);
      assert.equal(numbers[`memoryStat ${state}`], undefined);
      assert.equal(Object.keys(numbers).filter((name) => name.startsWith('memoryStat')).length, 12);
      assert.equal(numbers['memoryRss'], rest['anon']);
    });
  }
});

suite('memory that is left', () => {
  const use = (usage: number, inactive: number, limit: string): Files => ({
    'memory.current': `${usage}\n`,
    'memory.stat': `inactive_file ${inactive}\n`,
    'memory.max': `${limit}\n`,
  });
  const available = (t: TestContext, own: Files, ...above: readonly Files[]) =>
    numbersOf(container, openLevels(t, 2, [own, ...above]))['memoryAvailable'];

  test('the limit less the working set', (t) => assert.equal(available(t, use(1000, 400, '5000')), 4400));
  test('the own limit counts where no other is tighter', (t) => {
    assert.equal(available(t, use(1000, 400, '3000'), use(9, 0, 'max'), use(9, 0, '5000')), 2400);
    assert.equal(available(t, use(1000, 400, '3000'), use(9, 0, '3000')), 2400);
  });
  test('absent where the limit of an ancestor is tighter: others use a part of it', (t) => {
    assert.equal(available(t, use(1000, 400, 'max'), use(9, 0, '3000'), use(9, 0, '5000')), undefined);
    assert.equal(available(t, use(1000, 400, '5000'), use(9, 0, 'max'), use(9, 0, '3000')), undefined);
  });
  test('the limit of the ancestor that is charged, where the own cgroup has no memory controller', (t) => {
    assert.equal(available(t, {}, use(1000, 400, '3000'), use(9, 0, '5000')), 2400);
    assert.equal(available(t, {}, use(1000, 400, '5000'), use(9, 0, '3000')), undefined);
  });
  for (const [name, own, hierarchical, expected] of [
    ['v1: the own limit, where the kernel knows of no tighter one', '3000', '3000', 2400],
    ['v1: absent where an ancestor, hidden or not, is tighter', '5000', '3000', undefined],
    ['v1: absent where the own one has no limit', '9223372036854771712', '3000', undefined],
    ['v1: absent where the own limit cannot be understood', 'x', '3000', undefined],
    ['v1: the own limit, where the kernel tells of no other', '3000', undefined, 2400],
    ['v1: absent without a limit', '9223372036854771712', '9223372036854771712', undefined],
  ] as const) {
    test(name, (t) => {
      const stat = hierarchical === undefined ? '' : `hierarchical_memory_limit ${hierarchical}\n`;
      const files = {
        'memory.usage_in_bytes': '1000\n',
        'memory.stat': `${stat}total_inactive_file 400\n`,
        'memory.limit_in_bytes': `${own}\n`,
      };
      assert.equal(numbersOf(container, openLevels(t, 1, [files]))['memoryAvailable'], expected);
    });
  }
  test('absent without a limit', (t) => assert.equal(available(t, use(1000, 400, 'max')), undefined));
  test('absent where a limit cannot be understood', (t) => {
    assert.equal(available(t, use(1000, 400, '5000'), use(9, 0, 'x')), undefined);
  });
  test('absent without a working set', (t) => {
    assert.equal(available(t, { ...use(1000, 400, '5000'), 'memory.stat': 'x 1\n' }), undefined);
  });
  test('over the limit, as after it was lowered: nothing is left', (t) => {
    assert.equal(available(t, use(9000, 400, '5000')), 0);
  });
});

suite('page faults', () => {
  const faults = (all: number, major: number): Files => ({
    'memory.current': '99\n',
    'memory.stat': `pgfault ${all}\npgmajfault ${major}\n`,
  });

  /** What is told of the second reading, after the first. */
  function settled(t: TestContext, first: Files, second: Files): Readonly<Record<string, number>> {
    const [before, now] = [first, second].map((files) => container.read(openLevels(t, 2, [files]).host));
    return emitted<Container>(container, container.settle!(before!, now!));
  }

  test('minor are those that are not major', (t) => {
    const numbers = statNumbers(numbersOf(container, openLevels(t, 2, [faults(1000, 30)])));
    assert.deepEqual(numbers, { 'pagingFaults major': 30, 'pagingFaults minor': 970 });
  });

  test('v1: with the cgroups below', (t) => {
    const stat = 'pgfault 9\npgmajfault 9\ntotal_pgfault 1000\ntotal_pgmajfault 30\n';
    const kernel = openLevels(t, 1, [{ 'memory.usage_in_bytes': '99\n', 'memory.stat': stat }]);
    assert.deepEqual(statNumbers(numbersOf(container, kernel)), {
      'pagingFaults major': 30,
      'pagingFaults minor': 970,
    });
  });

  test('major alone, where all are not told', (t) => {
    const kernel = openLevels(t, 2, [{ 'memory.current': '9\n', 'memory.stat': 'pgmajfault 3\n' }]);
    assert.deepEqual(statNumbers(numbersOf(container, kernel)), { 'pagingFaults major': 3 });
  });

  test('major ones that are not yet among all take nothing back from the minor ones', (t) => {
    const numbers = settled(t, faults(1000, 30), faults(1002, 35));
    assert.deepEqual([numbers['pagingFaults minor'], numbers['pagingFaults major']], [970, 35]);
    assert.equal(settled(t, faults(1000, 30), faults(1010, 35))['pagingFaults minor'], 975);
  });

  test('a cgroup that was made anew counts from the start', (t) => {
    assert.equal(settled(t, faults(1000, 30), faults(20, 2))['pagingFaults minor'], 18);
    assert.equal(settled(t, faults(90_000, 0), faults(20, 0))['pagingFaults minor'], 20);
    assert.equal(settled(t, faults(90_000, 30), faults(20, 30))['pagingFaults minor'], undefined);
  });

  test('another cgroup keeps nothing of the one before', (t) => {
    const kernel = openLevels(t, 2, [faults(1000, 30), faults(990, 30)]);
    const before = container.read(kernel.host)!;
    writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '0::/a/b\n');
    const now = container.settle!(before, container.read(kernel.host)!);
    assert.equal(emitted<Container>(container, now)['pagingFaults minor'], 960);
  });
});

suite('whose counters these are', () => {
  test('v2: those of another cgroup after a move', (t) => {
    const files = { 'cpu.stat': 'user_usec 1\n', 'memory.current': '1\n' };
    const kernel = openLevels(t, 2, [files, files]);
    const before = identityOf(container, kernel);
    writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '0::/a/b\n');
    assert.notEqual(identityOf(container, kernel), before);
  });

  test('v2: those of another cgroup when the memory controller is enabled for the own one', (t) => {
    const kernel = openLevels(t, 2, [{}, { 'memory.current': '1\n' }]);
    const before = identityOf(container, kernel);
    writeFileSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c/memory.current'), '1\n');
    assert.notEqual(identityOf(container, kernel), before);
  });

  test('v1: the same for each hierarchy alone', (t) => {
    const kernel = open(t, {
      'proc/self/cgroup': '2:cpuacct:/x\n4:memory:/x\n',
      'proc/self/mountinfo': `\
33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`,
      ...within('sys/fs/cgroup/cpuacct/x', { 'cpuacct.usage': '1\n' }),
      ...within('sys/fs/cgroup/cpuacct/y', { 'cpuacct.usage': '1\n' }),
      ...within('sys/fs/cgroup/memory/x', { 'memory.usage_in_bytes': '1\n' }),
      ...within('sys/fs/cgroup/memory/y', { 'memory.usage_in_bytes': '1\n' }),
    });
    const identities = ['/x /x', '/y /x', '/x /y'].map((paths) => {
      const [cpu, memory] = paths.split(' ');
      writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), `2:cpuacct:${cpu}\n4:memory:${memory}\n`);
      return identityOf(container, kernel);
    });
    assert.equal(new Set(identities).size, 3);
  });
});

suite('the peak of a tick', () => {
  const files: Files = { 'memory.current': '100\n', 'memory.peak': '300\n' };

  test('from the nearest cgroup that has the memory controller', (t) => {
    const { host } = openLevels(t, 2, [{}, files]);
    const asked: string[] = [];
    const readPeak = (file: string) => asked.push(file) && 200;
    assert.equal(container.read({ ...host, root: '/', readPeak })?.memory?.tickPeak, 200);
    assert.deepEqual(asked, ['/sys/fs/cgroup/a/b/memory.peak']);
  });

  test('nothing is written below another root path', (t) => {
    const kernel = openLevels(t, 2, [files]);
    for (let tick = 0; tick < 2; tick++) assert.equal(container.read(kernel.host)?.memory?.tickPeak, undefined);
    assert.equal(readFileSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c/memory.peak'), 'utf8'), '300\n');
    assert.deepEqual(failuresOf(kernel), []);
  });
});
