import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNumber } from '../instrumentation/kernel/bytes.ts';
import { defineSource, type Source } from '../instrumentation/source.ts';
import { openKernelFiles } from '../src/host.ts';
import { createRunner } from '../src/runner.ts';
import { createFakeClock } from './support/clock.ts';
import { createTree } from './support/tree.ts';

function source<S>(name: string, read: Source<S>['read'], settle?: Source<S>['settle']): Source<S> {
  return defineSource({
    name,
    isTicked: true,
    since: 'unknown',
    metrics: {},
    observe() {},
    read,
    ...(settle && { settle }),
  });
}

test('one source’s failure costs the others nothing, is counted each time and said once', (t) => {
  const tree = createTree({ 'proc/good': '1\n', 'proc/bad': 'x\n' });
  t.after(tree.remove);
  const clock = createFakeClock();
  const said: string[] = [];
  const good = source('good', (host) => host.read('/proc/good', parseNumber));
  const bad = source('bad', (host) => host.read('/proc/bad', parseNumber));
  const absent = source('absent', (host) => host.read('/proc/absent', parseNumber));
  const broken = source('broken', () => {
    throw new Error('a fault of ours');
  });
  const slow = source('slow', () => {
    clock.stall(250);
    return 1;
  });
  const runner = createRunner(
    [broken, bad, good, absent, slow],
    openKernelFiles(tree.root, clock),
    clock,
    (name, { type }) => said.push(`${name}: ${type}`),
  );
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(
      [...runner.readTicked()].map(([{ name }, { snapshot }]) => [name, snapshot]),
      [
        ['good', 1],
        ['slow', 1],
      ],
    );
  }
  assert.deepEqual(said, ['broken: internal', 'bad: parse']);
  const stats = new Map(runner.stats.map((entry) => [entry.source, entry]));
  assert.deepEqual([...stats.get('bad')!.errors], [['parse', 3]]);
  assert.deepEqual([...stats.get('broken')!.errors], [['internal', 3]]);
  assert.deepEqual(
    ['good', 'absent', 'slow'].map((name) => stats.get(name)!.errors.size),
    [0, 0, 0],
  );
  assert.equal(stats.get('slow')!.seconds, 0.75);
});

test('what a snapshot means after the last one is the source’s own word, also when one in between failed', () => {
  const snapshots = [5, undefined, 3, 9];
  const rising = source<number>(
    'rising',
    () => snapshots.shift(),
    (previous, current) => Math.max(previous, current),
  );
  const clock = createFakeClock();
  const runner = createRunner([rising], openKernelFiles('/', clock), clock, () => {});
  const values = [1, 2, 3, 4].map(() => runner.readTicked().get(rising)?.snapshot);
  assert.deepEqual(values, [5, undefined, 5, 9]);
});

test('others are read when they are wanted, and one that is dear not before it is due again', () => {
  const clock = createFakeClock();
  let reads = 0;
  const define = (name: string, period?: number) =>
    defineSource({ name, since: 'unknown', ...(period && { period }), metrics: {}, read: () => ++reads, observe() {} });
  const [cheap, dear] = [define('cheap'), define('dear', 10_000)];
  const runner = createRunner([cheap, dear], openKernelFiles('/', clock), clock, () => {});
  assert.equal(runner.readTicked().size, 0);
  const look = (after: number) => {
    clock.stall(after);
    const readings = runner.readOthers();
    return [cheap, dear].map((source) => [readings.get(source)!.snapshot, readings.get(source)!.at]);
  };
  const began = clock.monotonic();
  const seen = [0, 5000, 4800, 5000].map(look);
  assert.deepEqual(seen, [
    [
      [1, began],
      [2, began],
    ],
    [
      [3, began + 5000],
      [2, began],
    ],
    [
      [4, began + 9800],
      [5, began + 9800],
    ],
    [
      [6, began + 14_800],
      [5, began + 9800],
    ],
  ]);
});

test('what begins again is read in time though nobody asks, and by its last reading, whoever asked for that', () => {
  const clock = createFakeClock();
  const read: string[] = [];
  const define = (name: string, atLeastEvery?: number, isHere = true) =>
    defineSource({
      name,
      since: 'unknown',
      ...(atLeastEvery && { atLeastEvery }),
      metrics: {},
      read: () => (read.push(name), isHere ? 1 : undefined),
      observe() {},
    });
  const sources = [define('turning', 30_000), define('absent', 60_000, false), define('other')];
  const runner = createRunner(sources, openKernelFiles('/', clock), clock, () => {});
  const began = clock.monotonic();
  const taken: string[] = [];
  for (let second = 0; second <= 100; second++) {
    clock.stall(began + second * 1000 - clock.monotonic());
    assert.equal(runner.readTicked().size, 0, 'it is nobody’s sample');
    taken.push(...read.splice(0).map((name) => `${second} ${name}`));
    if (second === 45) {
      assert.deepEqual([...runner.readOthers().keys()], [sources[0], sources[2]]);
      assert.deepEqual(read.splice(0), ['turning', 'absent', 'other']);
    }
  }
  assert.deepEqual(taken, ['0 turning', '0 absent', '30 turning', '75 turning']);
});

test('what turned while nobody asked has counted', () => {
  const clock = createFakeClock();
  const turning = source<number>(
    'turning',
    () => (clock.monotonic() / 1000) % 100,
    (previous, current) => current + (current < previous % 100 ? 100 : 0) + Math.floor(previous / 100) * 100,
  );
  const { isTicked: _, ...rest } = turning;
  const counter: Source = { ...rest, atLeastEvery: 30_000 };
  const runner = createRunner([counter], openKernelFiles('/', clock), clock, () => {});
  const first = clock.monotonic() / 1000;
  assert.equal(runner.readOthers().get(counter)?.snapshot, first);
  for (let second = 0; second < 450; second++) {
    clock.stall(1000);
    runner.readTicked();
  }
  assert.equal(runner.readOthers().get(counter)?.snapshot, first + 450);
});

test('of failures that are others each time, a thousand are said and remembered', (t) => {
  const clock = createFakeClock();
  const { add } = Set.prototype;
  let remembered = 0;
  t.mock.method(Set.prototype, 'add', function (this: Set<unknown>, value: unknown) {
    if (String(value).includes('/proc/bad')) remembered++;
    return add.call(this, value);
  });
  let next = 0;
  let said = 0;
  const failing = source('failing', () => undefined);
  const files = {
    ...openKernelFiles('/', clock),
    takeFailures: () => [{ path: `/proc/bad${next++}`, type: 'parse', message: '' }],
  };
  const runner = createRunner([failing], files, clock, () => said++);
  for (let i = 0; i < 1500; i++) runner.readTicked();
  assert.deepEqual([said, remembered, runner.stats[0]!.errors.get('parse')], [1000, 1000, 1500]);
});
