import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { containerCpu } from '../../instrumentation/cgroup/cpu.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, V2_MOUNT, within } from './trees.ts';

const statV2 = (periods: number, throttled: number, microseconds: number) => `\
usage_usec 9
user_usec 9
system_usec 9
nr_periods ${periods}
nr_throttled ${throttled}
throttled_usec ${microseconds}
nr_bursts 3
burst_usec 1500000
`;
const statV1 = (periods: number, throttled: number, nanoseconds: number) => `\
nr_periods ${periods}
nr_throttled ${throttled}
throttled_time ${nanoseconds}
wait_sum 77
nr_bursts 3
burst_time 1500000000
`;
const quotaV2 = (quota: string, stat: string): Files => ({
  'cpu.max': `${quota} 100000\n`,
  'cpu.max.burst': '20000\n',
  'cpu.stat': stat,
});
const quotaV1 = (quota: string, stat: string): Files => ({
  'cpu.cfs_quota_us': `${quota}\n`,
  'cpu.cfs_period_us': '100000\n',
  'cpu.cfs_burst_us': '20000\n',
  'cpu.stat': stat,
});

const quotaAt = (level: number, periods: number, throttled: number, time: number) => ({
  [`periods ${level}`]: periods,
  [`throttledPeriods ${level}`]: throttled,
  [`throttledTime ${level}`]: time,
  [`burstPeriods ${level}`]: 3,
  [`burstTime ${level}`]: 1.5,
  [`burstLimit ${level}`]: 0.02,
});

suite('each quota counts for itself', () => {
  test('v2: own and grandparent; the parent has none', (t) => {
    const kernel = openLevels(t, 2, [
      quotaV2('200000', statV2(50, 1, 250_000)),
      quotaV2('max', statV2(99, 99, 99)),
      quotaV2('300000', statV2(60, 40, 12_000_000)),
    ]);
    assert.deepEqual(numbersOf(containerCpu, kernel), { ...quotaAt(0, 50, 1, 0.25), ...quotaAt(2, 60, 40, 12) });
    assert.deepEqual(failuresOf(kernel), []);
  });

  test('v1: own and parent', (t) => {
    const kernel = openLevels(t, 1, [
      quotaV1('50000', statV1(50, 1, 250_000_000)),
      quotaV1('100000', statV1(60, 40, 12_000_000_000)),
      quotaV1('-1', statV1(99, 99, 99)),
    ]);
    assert.deepEqual(numbersOf(containerCpu, kernel), { ...quotaAt(0, 50, 1, 0.25), ...quotaAt(1, 60, 40, 12) });
    assert.deepEqual(failuresOf(kernel), []);
  });

  test('none: nothing, also where an old one has left its counts behind', (t) => {
    assert.deepEqual(numbersOf(containerCpu, openLevels(t, 2, [quotaV2('max', statV2(50, 40, 5))])), {});
    assert.deepEqual(numbersOf(containerCpu, openLevels(t, 1, [quotaV1('-1', statV1(50, 40, 5))])), {});
  });

  test('v1: the quota is that of the hierarchy of cpu, wherever cpuacct counts', (t) => {
    const kernel = open(t, {
      'proc/self/cgroup': '2:cpuacct:/x\n1:cpu:/y\n',
      'proc/self/mountinfo': `\
32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct
`,
      ...within('sys/fs/cgroup/cpu/y', quotaV1('50000', statV1(50, 1, 250_000_000))),
      ...within('sys/fs/cgroup/cpuacct/x', quotaV1('70000', statV1(9, 9, 9))),
    });
    assert.deepEqual(numbersOf(containerCpu, kernel), quotaAt(0, 50, 1, 0.25));
    assert.equal(identityOf(containerCpu, kernel), '/y');
  });
});

test('what an older kernel does not count is absent', (t) => {
  const kernel = openLevels(t, 2, [
    { 'cpu.max': '50000 100000\n', 'cpu.stat': 'nr_periods 5\nnr_throttled 4\nthrottled_usec 3000000\n' },
  ]);
  assert.deepEqual(numbersOf(containerCpu, kernel), { 'periods 0': 5, 'throttledPeriods 0': 4, 'throttledTime 0': 3 });
  const bare = openLevels(t, 2, [{ 'cpu.max': '50000 100000\n', 'cpu.stat': 'usage_usec 5\n' }]);
  assert.deepEqual(numbersOf(containerCpu, bare), {});
  assert.deepEqual(failuresOf(bare), []);
});

test('one file that cannot be understood keeps back its own numbers only', (t) => {
  const files = quotaV2('50000', statV2(5, 4, 3_000_000));
  const kernel = openLevels(t, 2, [
    { ...files, 'cpu.max.burst': 'x\n' },
    { ...files, 'cpu.stat': 'nr_periods x\n' },
  ]);
  const { 'burstLimit 0': _, ...own } = quotaAt(0, 5, 4, 3);
  assert.deepEqual(numbersOf(containerCpu, kernel), { ...own, 'burstLimit 1': 0.02 });
  assert.deepEqual(failuresOf(kernel), ['cpu.max.burst parse', 'cpu.stat parse']);
});

test('time that the own cgroup was held back for, by whichever quota', (t) => {
  const v2 = openLevels(t, 2, [{ 'cpu.max': 'max 100000\n', 'cpu.stat.local': 'throttled_usec 2500000\n' }]);
  assert.deepEqual(numbersOf(containerCpu, v2), { heldBack: 2.5 });
  const v1 = openLevels(t, 1, [{ 'cpu.stat.local': 'throttled_time 2500000000\n' }]);
  assert.deepEqual(numbersOf(containerCpu, v1), { heldBack: 2.5 });
});

test('CPUs of the effective set; the host’s are no set of a container', (t) => {
  assert.deepEqual(numbersOf(containerCpu, openLevels(t, 2, [{ 'cpuset.cpus.effective': '0-2,8\n' }])), { cpuset: 4 });
  assert.deepEqual(numbersOf(containerCpu, openLevels(t, 1, [{ 'cpuset.effective_cpus': '0-2,8\n' }])), { cpuset: 4 });
  const host = open(t, {
    'proc/self/cgroup': '2:cpuset:/\n1:cpu:/a\n',
    'proc/self/mountinfo': `\
32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
`,
    ...within('sys/fs/cgroup/cpu/a', quotaV1('50000', statV1(50, 1, 250_000_000))),
    ...within('sys/fs/cgroup/cpuset', { 'cpuset.effective_cpus': '0-7\n', release_agent: '\n' }),
  });
  assert.deepEqual(numbersOf(containerCpu, host), quotaAt(0, 50, 1, 0.25));
});

test('in the host’s root there is no container', (t) => {
  const kernel = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', { ...quotaV2('50000', statV2(5, 4, 3)), 'cpuset.cpus.effective': '0-7\n' }),
  });
  assert.equal(containerCpu.read(kernel.host), undefined);
});

test('a process that was moved has the counters of another cgroup', (t) => {
  const files = quotaV2('50000', statV2(5, 4, 3_000_000));
  const kernel = openLevels(t, 2, [files, files]);
  assert.equal(identityOf(containerCpu, kernel), '/a/b/c');
  writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '0::/a/b\n');
  assert.equal(identityOf(containerCpu, kernel), '/a/b');
});

test('a quota that was taken away is gone', (t) => {
  const kernel = openLevels(t, 2, [quotaV2('50000', statV2(5, 4, 3_000_000))]);
  assert.deepEqual(numbersOf(containerCpu, kernel), quotaAt(0, 5, 4, 3));
  writeFileSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c/cpu.max'), 'max 100000\n');
  assert.deepEqual(numbersOf(containerCpu, kernel), {});
  rmSync(path.join(kernel.host.root, 'sys/fs/cgroup/a'), { recursive: true });
  assert.deepEqual(failuresOf(kernel), []);
});
