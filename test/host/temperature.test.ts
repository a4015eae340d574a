import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temperature } from '../../instrumentation/host/temperature.ts';
import { onTree } from '../support/readings.ts';

const HWMON = 'sys/class/hwmon';

function device(n: number, name: string, sensors: Readonly<Record<string, string>>): Record<string, string> {
  const files = Object.entries(sensors).map(([file, value]) => [`${HWMON}/hwmon${n}/${file}`, `${value}\n`]);
  return { [`${HWMON}/hwmon${n}/name`]: `${name}\n`, ...Object.fromEntries(files) };
}

test('of coretemp only the package is read: each other sensor would interrupt a core', (t) => {
  const tree = onTree(
    t,
    temperature,
    device(3, 'coretemp', {
      temp1_label: 'Package id 1',
      temp1_input: '58000',
      temp2_label: 'this must not be read\u0007',
      temp2_input: 'this neither',
    }),
  );
  symlinkSync('../../../coretemp.1', path.join(tree.root, HWMON, 'hwmon3/device'));
  assert.deepEqual(tree.next(), { 'temperature coretemp.1:temp1 coretemp Package id 1': 58 });
  assert.deepEqual(tree.failures, []);
});

test('a processor of Intel without a sensor for the package has none', (t) => {
  const tree = onTree(t, temperature, device(0, 'coretemp', { temp2_label: 'Core 0', temp2_input: '40000' }));
  assert.equal(tree.next(), undefined);
});

test('of AMD the dies are read, and not Tctl, which is no temperature', (t) => {
  const files = {
    ...device(0, 'k10temp', {
      temp1_label: 'Tctl',
      temp1_input: '95000',
      temp3_label: 'Tccd1',
      temp3_input: '45125',
      temp10_label: 'Tccd8',
      temp10_input: '-1250',
    }),
    ...device(1, 'zenpower', { temp1_label: 'Tdie', temp1_input: '50000' }),
  };
  assert.deepEqual(onTree(t, temperature, files).next(), {
    'temperature hwmon0:temp3 k10temp Tccd1': 45.125,
    'temperature hwmon0:temp10 k10temp Tccd8': -1.25,
    'temperature hwmon1:temp1 zenpower Tdie': 50,
  });
});

test('a sensor without a label is known by its number', (t) => {
  const files = device(0, 'cpu_thermal', { temp1_input: '61234', temp1_crit: '110000' });
  assert.deepEqual(onTree(t, temperature, files).next(), { 'temperature hwmon0:temp1 cpu_thermal temp1': 61.234 });
});

test('sensors of other things are not touched: reading a disk may wake it', (t) => {
  const sensors = { temp1_input: 'this must not be read' };
  const tree = onTree(t, temperature, {
    ...device(0, 'drivetemp', sensors),
    ...device(1, 'nvme', sensors),
    ...device(2, 'toString', sensors),
  });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(tree.failures, []);
});

test('a sensor that goes away is no longer exported', (t) => {
  const tree = onTree(t, temperature, {
    ...device(0, 'cpu_thermal', { temp1_input: '50000' }),
    ...device(1, 'cpu_thermal', { temp1_input: '60000' }),
  });
  tree.next();
  tree.remove(`${HWMON}/hwmon0`);
  assert.deepEqual(tree.next(), { 'temperature hwmon1:temp1 cpu_thermal temp1': 60 });
  assert.deepEqual(tree.failures, []);
});

test('a machine without sensors is silent', (t) => {
  const tree = onTree(t, temperature, { 'proc/stat': '' });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(tree.failures, []);
});
