import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { test } from 'node:test';
import { getSystemErrorName } from 'node:util';
import { pressure } from '../../instrumentation/host/pressure.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';

const line = (type: string, n: number) => `${type} avg10=${n}.00 avg60=${n}.50 avg300=${n}.25 total=${n}000000\n`;

const stalled = (resource: string, type: string, n: number) => ({
  [`${resource}.10s ${type}`]: n / 100,
  [`${resource}.1m ${type}`]: (n + 0.5) / 100,
  [`${resource}.5m ${type}`]: (n + 0.25) / 100,
  [`${resource}.total ${type}`]: n,
});

test('each resource has what the kernel says of it, but for "full" of the CPUs of a whole machine', (t) => {
  const { host, failures } = treeHost(t, {
    'proc/pressure/cpu': line('some', 1) + line('full', 2),
    'proc/pressure/memory': line('some', 3) + line('full', 4),
    'proc/pressure/io': line('some', 5) + line('full', 6),
    'proc/pressure/irq': line('full', 7),
  });
  assert.deepEqual(emitted(pressure, pressure.read(host)), {
    ...stalled('cpu', 'some', 1),
    ...stalled('memory', 'some', 3),
    ...stalled('memory', 'full', 4),
    ...stalled('io', 'some', 5),
    ...stalled('io', 'full', 6),
    ...stalled('irq', 'full', 7),
  });
  assert.deepEqual(failures(), []);
});

test("the names are the Collector's, sixteen of them", () => {
  const names = Object.values(pressure.metrics).map(({ name }) => name);
  assert.equal(new Set(names).size, 16);
  for (const resource of ['cpu', 'memory', 'io', 'irq']) {
    for (const part of ['10s', '1m', '5m', 'total']) {
      const { name, kind, unit, from } = pressure.metrics[`${resource}.${part}`] ?? assert.fail();
      assert.equal(name, `system.${resource}.linux.pressure.${part}`);
      assert.deepEqual([kind, unit], part === 'total' ? ['counter', 's'] : ['gauge', '1']);
      assert.ok(from.startsWith(`/proc/pressure/${resource}, `));
    }
  }
});

test('a resource that the kernel does not measure is absent, and so is all where it measures none', (t) => {
  const some = treeHost(t, { 'proc/pressure/io': line('some', 5) });
  assert.deepEqual(emitted(pressure, some.host && pressure.read(some.host)), stalled('io', 'some', 5));
  const none = treeHost(t, {});
  assert.equal(pressure.read(none.host), undefined);
  assert.deepEqual([...some.failures(), ...none.failures()], []);
});

test('pressure that was switched off (psi=0) leaves files that cannot be read: absent, and no failure', (t) => {
  const code = getSystemErrorName(-constants.errno.EOPNOTSUPP);
  const { host, failures } = treeHost(t, { 'proc/pressure/cpu': line('some', 1) });
  const mock = t.mock.method(fs, 'readSync', () => {
    throw Object.assign(new Error(`${code}: operation not supported on socket, read`), { code });
  });
  syncBuiltinESMExports();
  try {
    assert.equal(pressure.read(host), undefined);
    assert.equal(mock.mock.callCount(), 1);
    assert.deepEqual(failures(), []);
  } finally {
    mock.mock.restore();
    syncBuiltinESMExports();
  }
});

test('a file that is broken costs its resource alone', (t) => {
  const { host, failures } = treeHost(t, {
    'proc/pressure/cpu': 'some avg10=1\n',
    'proc/pressure/io': line('full', 5),
  });
  assert.deepEqual(emitted(pressure, pressure.read(host)), stalled('io', 'full', 5));
  assert.deepEqual(failures(), ['parse']);
});
