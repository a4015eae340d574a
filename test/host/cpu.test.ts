import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpu } from '../../instrumentation/host/cpu.ts';
import { onTree } from '../support/readings.ts';

const wants = (attribute: string) => attribute === 'cpu.logical_number';

/** /proc/stat with these lines for CPUs: number -> user, system, idle in ticks. */
function stat(
  cpus: Readonly<Record<number, readonly [user: number, system: number, idle: number]>>,
  rest = '',
): string {
  const lines = Object.entries(cpus).map(([n, [user, system, idle]]) => `cpu${n} ${user} 0 ${system} ${idle}\n`);
  return `cpu  9999 0 0 9999\n${lines.join('')}intr 0\n${rest}`;
}

const zero = { 'time user 0': 0, 'time nice 0': 0, 'time system 0': 0, 'time idle 0': 0 };

test('context switches and processes are exported beside the sums of all CPUs', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': stat({ 0: [1, 2, 3] }, 'ctxt 5198\nbtime 7\nprocesses 36870\n') });
  assert.deepEqual(tree.next(), {
    'time user': 99.99,
    'time nice': 0,
    'time system': 0,
    'time idle': 99.99,
    count: 1,
    created: 36_870,
    switches: 5198,
  });
});

test('where it is asked for, each CPU has its times instead of the sums', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': stat({ 0: [100, 0, 300], 17: [200, 100, 0] }) }, { wants });
  assert.deepEqual(tree.next(), {
    'time user 0': 1,
    'time nice 0': 0,
    'time system 0': 0,
    'time idle 0': 3,
    'time user 17': 2,
    'time nice 17': 0,
    'time system 17': 1,
    'time idle 17': 0,
    count: 2,
  });
});

test('without that wish nothing is kept of the single CPUs', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': stat({ 0: [1, 2, 3] }) });
  tree.next();
  assert.ok(Object.keys(tree.next() ?? {}).every((name) => !/\d/.test(name)));
});

test('a time that goes back a little stands still until it is reached again', (t) => {
  const idle = [1000, 998, 999, 1001];
  const tree = onTree(t, cpu, { 'proc/stat': '' }, { wants });
  const seen = idle.map((ticks) => {
    tree.write({ 'proc/stat': stat({ 0: [0, 0, ticks] }) });
    return tree.next()?.['time idle 0'];
  });
  assert.deepEqual(seen, [10, 10, 10, 10.01]);
});

test('a CPU that goes off has no times; when it comes back they go on, also where the kernel forgot a part', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': stat({ 0: [0, 0, 0], 1: [500, 0, 10_000] }) }, { wants });
  tree.next();
  tree.write({ 'proc/stat': stat({ 0: [0, 0, 0] }) });
  assert.deepEqual(tree.next(), { ...zero, count: 1 });
  assert.deepEqual(tree.next(), { ...zero, count: 1 });
  const after = (user: number, idle: number) => {
    tree.write({ 'proc/stat': stat({ 0: [0, 0, 0], 1: [user, 0, idle] }) });
    const { 'time user 1': a, 'time idle 1': b } = tree.next() ?? {};
    return [a, b];
  };
  assert.deepEqual(after(500, 0), [5, 100]);
  assert.deepEqual(after(600, 250), [6, 102.5]);
  assert.deepEqual(after(600, 249), [6, 102.5]);
  assert.deepEqual(after(600, 1250), [6, 112.5]);
});

test('what a CPU lost is added up over several times off', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': '' }, { wants });
  const seen = [10_000, undefined, 1000, 2000, undefined, 0, 100].map((idle) => {
    tree.write({ 'proc/stat': stat(idle === undefined ? { 0: [0, 0, 0] } : { 0: [0, 0, 0], 1: [0, 0, idle] }) });
    return tree.next()?.['time idle 1'];
  });
  assert.deepEqual(seen, [100, undefined, 100, 110, undefined, 110, 111]);
});

test('a CPU that is new takes nothing from another one', (t) => {
  const tree = onTree(t, cpu, { 'proc/stat': stat({ 0: [100, 0, 0], 2: [300, 0, 0] }) }, { wants });
  tree.next();
  tree.write({ 'proc/stat': stat({ 0: [100, 0, 0], 1: [7, 0, 0], 2: [301, 0, 0] }) });
  const times = tree.next() ?? {};
  assert.deepEqual([times['time user 0'], times['time user 1'], times['time user 2']], [1, 0.07, 3.01]);
});
