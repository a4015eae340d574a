import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frequency } from '../../instrumentation/host/frequency.ts';
import { onTree } from '../support/readings.ts';

const CPUS = 'sys/devices/system/cpu';
const RELEASE = 'proc/sys/kernel/osrelease';
const wants = (attribute: string) => attribute === 'cpu.logical_number';

const threads = (lists: readonly string[]) =>
  Object.fromEntries(lists.map((list, cpu) => [`${CPUS}/cpu${cpu}/topology/thread_siblings_list`, `${list}\n`]));

const clocks = (kilohertz: readonly (number | string)[]) =>
  Object.fromEntries(kilohertz.map((value, cpu) => [`${CPUS}/cpu${cpu}/cpufreq/scaling_cur_freq`, `${value}\n`]));

const four = { [`${CPUS}/online`]: '0-3\n', [RELEASE]: '6.1.0-13-amd64\n' };

test('the frequency is the mean of the CPUs that tell, in hertz', (t) => {
  const tree = onTree(t, frequency, { ...four, ...clocks([1_000_000, 2_000_000, 0, 3_600_000]) });
  assert.deepEqual(tree.next(), { frequency: 2.2e9 });
  tree.remove(`${CPUS}/cpu3/cpufreq`);
  assert.deepEqual(tree.next(), { frequency: 1.5e9 });
  assert.deepEqual(tree.failures, []);
});

test('where it is asked for, each CPU has its own', (t) => {
  const tree = onTree(t, frequency, { ...four, ...clocks([1_000_000, 2_000_000, 0, 3_600_000]) }, { wants });
  assert.deepEqual(tree.next(), { 'frequency 0': 1e9, 'frequency 1': 2e9, 'frequency 3': 3.6e9 });
});

test('only CPUs that are online are asked: those that are not answer with an error', (t) => {
  const files = { ...four, ...clocks([1_000_000, 'busy', 'busy', 3_000_000]), [`${CPUS}/online`]: '0,3\n' };
  const tree = onTree(t, frequency, files);
  assert.deepEqual(tree.next(), { frequency: 2e9 });
  assert.deepEqual(tree.failures, []);
});

for (const [release, isRead] of [
  ['5.14.0-427.el9.x86_64', false],
  ['5.18.19', false],
  ['4.19.0-27-amd64', false],
  ['5.19.0-rc1', true],
  ['6.0.0', true],
] as const) {
  test(`Linux ${release}: frequencies are ${isRead ? 'read' : 'left alone, since a read sleeps'}`, (t) => {
    const tree = onTree(t, frequency, { ...four, [RELEASE]: `${release}\n`, ...clocks([1_000_000, 1_000_000]) });
    assert.deepEqual(tree.next(), isRead ? { frequency: 1e9 } : {});
  });
}

test('of an unknown kernel no frequency is read', (t) => {
  const tree = onTree(t, frequency, { [`${CPUS}/online`]: '0\n', ...clocks([1_000_000]) });
  assert.deepEqual(tree.next(), {});
});

test('cores are counted once, however their threads are numbered', (t) => {
  assert.deepEqual(onTree(t, frequency, { ...four, ...threads(['0,2', '1,3', '0,2', '1,3']) }).next(), { cores: 2 });
  assert.deepEqual(onTree(t, frequency, { ...four, ...threads(['0-1', '0-1', '2', '3']) }).next(), { cores: 3 });
});

test('cores follow CPUs that go off and on', (t) => {
  const tree = onTree(t, frequency, { ...four, ...threads(['0,2', '1,3', '0,2', '1,3']) });
  tree.next();
  tree.write({ [`${CPUS}/online`]: '0,2-3\n', [`${CPUS}/cpu3/topology/thread_siblings_list`]: '3\n' });
  tree.remove(`${CPUS}/cpu1/topology`);
  assert.deepEqual(tree.next(), { cores: 2 });
  tree.write({ [`${CPUS}/online`]: '0,2\n' });
  assert.deepEqual(tree.next(), { cores: 1 });
});

test('where the threads of one core are not told, cores are unknown, and not fewer', (t) => {
  const tree = onTree(t, frequency, { ...four, ...threads(['0,2', '1,3', '0,2', '1,3']) });
  tree.remove(`${CPUS}/cpu1/topology`);
  assert.deepEqual(tree.next(), {});
  tree.write({ [`${CPUS}/cpu1/topology/thread_siblings_list`]: '3\n' });
  assert.deepEqual(tree.next(), {});
  assert.deepEqual(tree.failures, []);
});

test('without a list of CPUs there is nothing', (t) => {
  assert.equal(onTree(t, frequency, { 'proc/stat': '' }).next(), undefined);
});
