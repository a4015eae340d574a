import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttling } from '../../instrumentation/host/throttling.ts';
import { onTree } from '../support/readings.ts';

const CPUS = 'sys/devices/system/cpu';

interface Counts {
  readonly core?: number;
  readonly package?: number;
  readonly coreTime?: number;
  readonly packageTime?: number;
}

function counts(cpu: number, { core, package: whole, coreTime, packageTime }: Counts): Record<string, string> {
  const values = {
    core_throttle_count: core,
    package_throttle_count: whole,
    core_throttle_total_time_ms: coreTime,
    package_throttle_total_time_ms: packageTime,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([file, value]) =>
      value === undefined ? [] : [[`${CPUS}/cpu${cpu}/thermal_throttle/${file}`, `${value}\n`]],
    ),
  );
}

function siblings(cpu: number, core: string, whole: string): Record<string, string> {
  const topology = `${CPUS}/cpu${cpu}/topology`;
  return { [`${topology}/thread_siblings_list`]: `${core}\n`, [`${topology}/core_siblings_list`]: `${whole}\n` };
}

/** Two packages, each of one core of two threads. */
const machine = {
  [`${CPUS}/online`]: '0-3\n',
  ...siblings(0, '0,2', '0,2'),
  ...siblings(1, '1,3', '1,3'),
  ...siblings(2, '0,2', '0,2'),
  ...siblings(3, '1,3', '1,3'),
  ...counts(0, { core: 5, package: 7, coreTime: 1500, packageTime: 2500 }),
  ...counts(1, { core: 10, package: 20, coreTime: 100, packageTime: 200 }),
  ...counts(2, { core: 4, package: 7, coreTime: 1400, packageTime: 2400 }),
  ...counts(3, { core: 10, package: 19, coreTime: 90, packageTime: 200 }),
};

/** CPU 0 goes off: its directory is gone, and its sibling is alone. */
function unplug(tree: ReturnType<typeof onTree>): void {
  tree.remove(`${CPUS}/cpu0/thermal_throttle`, `${CPUS}/cpu0/topology`);
  tree.write({ [`${CPUS}/online`]: '1-3\n', ...siblings(2, '2', '2') });
}

function plug(tree: ReturnType<typeof onTree>, now: Counts): void {
  tree.write({
    [`${CPUS}/online`]: '0-3\n',
    ...siblings(0, '0,2', '0,2'),
    ...siblings(2, '0,2', '0,2'),
    ...counts(0, now),
  });
}

const events = (seen: Readonly<Record<string, number>> | undefined) => [
  seen?.['events core'],
  seen?.['events package'],
];

test('each core and each package is counted once, whatever its other threads say', (t) => {
  const tree = onTree(t, throttling, machine);
  assert.deepEqual(tree.next(), { 'events core': 15, 'time core': 1.6, 'events package': 27, 'time package': 2.7 });
});

test('what grows is added', (t) => {
  const tree = onTree(t, throttling, machine);
  tree.next();
  tree.write(counts(0, { core: 6, package: 9, coreTime: 2500, packageTime: 2501 }));
  assert.deepEqual(tree.next(), { 'events core': 16, 'time core': 2.6, 'events package': 29, 'time package': 2.701 });
});

test('a CPU that goes off takes nothing along, and its sibling, which stands in for it, brings nothing twice', (t) => {
  const tree = onTree(t, throttling, machine);
  assert.deepEqual(events(tree.next()), [15, 27]);
  unplug(tree);
  assert.deepEqual(events(tree.next()), [15, 27]);
  tree.write(counts(2, { core: 6, package: 8 }));
  assert.deepEqual(events(tree.next()), [17, 28]);
  plug(tree, { core: 5, package: 7 });
  assert.deepEqual(events(tree.next()), [17, 28]);
  tree.write(counts(0, { core: 6, package: 8 }));
  assert.deepEqual(events(tree.next()), [18, 29]);
  unplug(tree);
  tree.write(counts(2, { core: 7, package: 9 }));
  assert.deepEqual(events(tree.next()), [18, 29], 'what CPU 2 counted meanwhile CPU 0 has counted too');
});

test('a count that goes back adds nothing', (t) => {
  const tree = onTree(t, throttling, machine);
  tree.next();
  tree.write(counts(0, { core: 0, package: 0 }));
  assert.deepEqual(events(tree.next()), [15, 27]);
  tree.write(counts(0, { core: 2, package: 3 }));
  assert.deepEqual(events(tree.next()), [17, 30]);
});

test('kernels that do not tell the time, and processors without a count for the package, give what there is', (t) => {
  const files = {
    [`${CPUS}/online`]: '0\n',
    ...siblings(0, '0', '0'),
    ...counts(0, { core: 3 }),
  };
  assert.deepEqual(onTree(t, throttling, files).next(), { 'events core': 3 });
});

test('the kernel shows nothing of a CPU that is just going off: no error', (t) => {
  const tree = onTree(t, throttling, machine);
  tree.next();
  tree.write({ [`${CPUS}/cpu0/thermal_throttle/core_throttle_count`]: '' });
  assert.deepEqual(events(tree.next()), [15, 27]);
  assert.deepEqual(tree.failures, []);
});

test('while nothing can be read nothing is exported, and later it goes on from where it was', (t) => {
  const tree = onTree(t, throttling, machine);
  tree.next();
  tree.remove(`${CPUS}/cpu0/topology`);
  assert.deepEqual(tree.next(), {});
  tree.write(siblings(0, '0,2', '0,2'));
  assert.deepEqual(events(tree.next()), [15, 27]);
});

test('a package counts once for all its cores', (t) => {
  const tree = onTree(t, throttling, {
    [`${CPUS}/online`]: '0-1\n',
    ...siblings(0, '0', '0-1'),
    ...siblings(1, '1', '0-1'),
    ...counts(0, { core: 1, package: 10 }),
    ...counts(1, { core: 2, package: 10 }),
  });
  assert.deepEqual(events(tree.next()), [3, 10]);
});

test('what was counted since the start is known also where the first reading could not tell', (t) => {
  const tree = onTree(t, throttling, machine);
  tree.remove(`${CPUS}/cpu0/topology`);
  assert.deepEqual(tree.next(), {});
  tree.write(siblings(0, '0,2', '0,2'));
  assert.deepEqual(events(tree.next()), [15, 27]);
});

test('processors that do not count this are silent', (t) => {
  const tree = onTree(t, throttling, { [`${CPUS}/online`]: '0\n', ...siblings(0, '0', '0') });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(tree.failures, []);
});
