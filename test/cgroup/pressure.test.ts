import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { containerPressure } from '../../instrumentation/cgroup/pressure.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, V2_MOUNT, within } from './trees.ts';

const line = (type: string, n: number) => `${type} avg10=${n}.10 avg60=${n}.20 avg300=${n}.30 total=${n}000000\n`;
const numbers = (resource: string, type: string, n: number) => ({
  [`${resource}.10s ${type}`]: (n * 100 + 10) / 10_000,
  [`${resource}.1m ${type}`]: (n * 100 + 20) / 10_000,
  [`${resource}.5m ${type}`]: (n * 100 + 30) / 10_000,
  [`${resource}.total ${type}`]: n,
});
const FILES: Files = {
  'cpu.pressure': line('some', 1) + line('full', 2),
  'memory.pressure': line('some', 3) + line('full', 4),
  'io.pressure': line('some', 5) + line('full', 6),
  'irq.pressure': line('full', 7),
};
const NUMBERS = {
  ...numbers('cpu', 'some', 1),
  ...numbers('cpu', 'full', 2),
  ...numbers('memory', 'some', 3),
  ...numbers('memory', 'full', 4),
  ...numbers('io', 'some', 5),
  ...numbers('io', 'full', 6),
  ...numbers('irq', 'full', 7),
};

test('v2: all four, of the own cgroup', (t) => {
  const kernel = openLevels(t, 2, [FILES, { 'cpu.pressure': line('some', 9) }]);
  assert.deepEqual(numbersOf(containerPressure, kernel), NUMBERS);
  assert.deepEqual(failuresOf(kernel), []);
});

test('older kernels: no irq, no full of cpu; an ancestor does not fill in', (t) => {
  const kernel = openLevels(t, 2, [{ 'cpu.pressure': line('some', 1) }, FILES]);
  assert.deepEqual(numbersOf(containerPressure, kernel), numbers('cpu', 'some', 1));
});

test('hybrid: v2 tells, also without any controller', (t) => {
  const kernel = open(t, {
    'proc/self/cgroup': '4:memory:/jobs/7\n0::/jobs/7\n',
    'proc/self/mountinfo': `\
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`,
    'sys/fs/cgroup/memory/jobs/7/memory.usage_in_bytes': '1\n',
    ...within('sys/fs/cgroup/unified/jobs/7', FILES),
  });
  assert.deepEqual(numbersOf(containerPressure, kernel), NUMBERS);
});

test('the host’s root, v1 alone, and a kernel that does not measure it: nothing', (t) => {
  const root = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', FILES),
  });
  assert.equal(containerPressure.read(root.host), undefined);
  assert.equal(containerPressure.read(openLevels(t, 1, [FILES]).host), undefined);
  assert.equal(containerPressure.read(openLevels(t, 2, []).host), undefined);
});

test('a process that was moved has the counters of another cgroup', (t) => {
  const kernel = openLevels(t, 2, [FILES, FILES]);
  assert.equal(identityOf(containerPressure, kernel), '/a/b/c');
  writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '0::/a/b\n');
  assert.equal(identityOf(containerPressure, kernel), '/a/b');
});
