import assert from 'node:assert/strict';
import { test } from 'node:test';
import { energy } from '../../instrumentation/host/energy.ts';
import { openKernelFiles } from '../../src/host.ts';
import { createFakeClock } from '../support/clock.ts';
import { emitted } from '../support/emitted.ts';
import { onTree } from '../support/readings.ts';
import { createTree } from '../support/tree.ts';

// Made by hand after Documentation/power/powercap/powercap.rst; the ranges are those that drivers/powercap gives for units
// of 61 and 15.3 µJ.

const POWERCAP = 'sys/class/powercap';
const RANGE = 262_143_328_850;

function zone(
  directory: string,
  name: string,
  microjoules: number,
  range: number | 'unknown' = RANGE,
): Record<string, string> {
  return {
    [`${POWERCAP}/${directory}/name`]: `${name}\n`,
    [`${POWERCAP}/${directory}/energy_uj`]: `${microjoules}\n`,
    ...(range !== 'unknown' && { [`${POWERCAP}/${directory}/max_energy_range_uj`]: `${range}\n` }),
  };
}

const counter = (microjoules: number) => ({ [`${POWERCAP}/intel-rapl:0/energy_uj`]: `${microjoules}\n` });

const PACKAGE = 'energy intel-rapl:0 package-0 cpu';

/** What is exported of a package whose counter shows these values one after the other; undefined: it is not there. */
function follow(t: Parameters<typeof onTree>[0], values: readonly (number | undefined)[]) {
  const others = zone('intel-rapl:1', 'package-1', 1);
  const tree = onTree(t, energy, others);
  return values.map((value, i) => {
    if (value !== undefined) tree.write(zone('intel-rapl:0', 'package-0', value));
    else if (values[i - 1] !== undefined) tree.remove(`${POWERCAP}/intel-rapl:0`);
    return tree.next()?.[PACKAGE];
  });
}

test('packages are CPUs, dram is memory, psys is the whole machine; parts and copies of a package are left out', (t) => {
  const tree = onTree(t, energy, {
    [`${POWERCAP}/intel-rapl/enabled`]: '1\n',
    ...zone('intel-rapl:0', 'package-0', 1_000_000),
    ...zone('intel-rapl:0:0', 'core', 500_000),
    ...zone('intel-rapl:0:1', 'uncore', 100_000),
    ...zone('intel-rapl:0:2', 'dram', 2_500_000, 65_712_999_613),
    ...zone('intel-rapl:a', 'package-10-die-1', 3_000_001),
    ...zone('intel-rapl:1', 'psys', 7_999_999),
    ...zone('intel-rapl-mmio:0', 'package-0', 1_000_000),
    ...zone('dtpm:0', 'package-0', 1_000_000),
  });
  assert.deepEqual(tree.next(), {
    [PACKAGE]: 1,
    'energy intel-rapl:0:2 dram memory': 2.5,
    'energy intel-rapl:a package-10-die-1 cpu': 3.000001,
    'host intel-rapl:1 psys': 7,
  });
  assert.deepEqual(tree.failures, []);
});

test('a counter that turns goes on', (t) => {
  const last = RANGE - 500_000_000;
  const seen = follow(t, [last, 500_000_000, 600_000_000]);
  assert.deepEqual(seen, [last / 1e6, (last + 1e9) / 1e6, (last + 1.1e9) / 1e6]);
});

test('many turns add up', (t) => {
  const quarter = RANGE / 4;
  const seen = follow(
    t,
    [quarter, 2 * quarter, 3 * quarter, 0.5 * quarter, 2 * quarter, 3.5 * quarter, quarter].map(Math.round),
  );
  assert.ok(Math.abs(seen.at(-1)! - (9 * quarter) / 1e6) < 0.001, `${seen.at(-1)}`);
});

test('a counter that was set back stands still for once, and then goes on', (t) => {
  const seen = follow(t, [100_000_000_000, 5_000_000, 6_000_000]);
  assert.deepEqual(seen, [100_000, 100_000, 100_001]);
});

test('without a range, or above it, a counter that went back has not turned', (t) => {
  for (const [range, before] of [
    ['unknown', RANGE - 1],
    [65_712_999_613, RANGE],
  ] as const) {
    const tree = onTree(t, energy, zone('intel-rapl:0', 'package-0', before, range));
    const first = tree.next();
    tree.write(counter(1000));
    assert.deepEqual(tree.next(), first);
  }
});

test('a zone that comes back goes on from where it was, with what its counter shows more', (t) => {
  const seen = follow(t, [10_000_000, undefined, undefined, 12_000_000, 13_000_000]);
  assert.deepEqual(seen, [10, undefined, undefined, 12, 13]);
});

test('a zone that comes back keeps the turns that it made before, however long it was away', (t) => {
  const seen = follow(t, [RANGE, 1_000_000, undefined, undefined, undefined, 3_000_000]);
  assert.equal(seen.at(-1), (RANGE + 3_000_000) / 1e6);
});

test('a zone that comes back with less adds nothing: how often it turned nobody saw', (t) => {
  const seen = follow(t, [RANGE - 1_000_000, undefined, 5_000_000, 6_000_000]);
  const first = (RANGE - 1_000_000) / 1e6;
  assert.deepEqual(seen, [first, undefined, first, first + 1]);
});

test('zones that are numbered anew are other zones', (t) => {
  const tree = onTree(t, energy, zone('intel-rapl:0', 'package-0', 50_000_000));
  tree.next();
  tree.write(zone('intel-rapl:0', 'package-1', 20_000_000));
  assert.deepEqual(tree.next(), { 'energy intel-rapl:0 package-1 cpu': 20 });
  tree.write(zone('intel-rapl:0', 'package-0', 51_000_000));
  assert.deepEqual(tree.next(), { [PACKAGE]: 51 });
});

test('a zone that is not measured stays at zero, and is left out', (t) => {
  const tree = onTree(t, energy, {
    ...zone('intel-rapl:0', 'package-0', 1_000_000),
    ...zone('intel-rapl:0:0', 'dram', 0),
  });
  assert.deepEqual(tree.next(), { [PACKAGE]: 1 });
});

test('who may not read the counters is told nothing, and no error', (t) => {
  const tree = createTree({ ...zone('intel-rapl:0', 'package-0', 1_000_000), ...zone('intel-rapl:1', 'package-1', 1) });
  const kernel = openKernelFiles(tree.root, createFakeClock());
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  const asUser = (readable: readonly string[]) => {
    const { read, isReadable } = kernel.host;
    const may = (path: string) => !path.endsWith('energy_uj') || readable.some((directory) => path.includes(directory));
    return energy.read({
      ...kernel.host,
      isReadable: (path) => may(path) && isReadable(path),
      read(path, parse) {
        assert.ok(may(path), `${path} was read`);
        return read(path, parse);
      },
    });
  };
  assert.equal(asUser([]), undefined);
  assert.deepEqual(emitted(energy, asUser(['intel-rapl:1/'])!), { 'energy intel-rapl:1 package-1 cpu': 0.000001 });
  assert.deepEqual(kernel.takeFailures(), []);
});

test('it is read so often that a turn at a kilowatt is never taken for one that was set back', () => {
  const smallest = 65_712; // Joules, of AMD's counter.
  assert.ok((energy.atLeastEvery! / 1000) * 1000 < smallest / 2, `${energy.atLeastEvery}`);
});

test('a machine without such counters is silent', (t) => {
  const tree = onTree(t, energy, { 'proc/stat': '' });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(tree.failures, []);
});
