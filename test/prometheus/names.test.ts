import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelName, metricName, type MetricKind } from '../../src/prometheus/names.ts';
import { text } from './arbitrary.ts';

/** name, unit, kind -> the name by the Collector's translator, and the unit. */
const NAMES: readonly (readonly [name: string, unit: string, kind: MetricKind, expected: string, unitWords: string])[] =
  [
    // This agent's own.
    ['system.cpu.time', 's', 'counter', 'system_cpu_time_seconds_total', 'seconds'],
    ['system.cpu.logical.count', '{cpu}', 'updowncounter', 'system_cpu_logical_count', ''],
    ['system.cpu.load_average.1m', '{thread}', 'gauge', 'system_cpu_load_average_1m', ''],
    ['system.memory.usage', 'By', 'updowncounter', 'system_memory_usage_bytes', 'bytes'],
    ['jobmeter.agent.tick.duration', 's', 'histogram', 'jobmeter_agent_tick_duration_seconds', 'seconds'],
    ['jobmeter.agent.source.errors', '{error}', 'counter', 'jobmeter_agent_source_errors_total', ''],
    // Units.
    ['x', 'ms', 'gauge', 'x_milliseconds', 'milliseconds'],
    ['x', 'KiBy', 'gauge', 'x_kibibytes', 'kibibytes'],
    ['x', 'MBy', 'gauge', 'x_megabytes', 'megabytes'],
    ['x', 'Cel', 'gauge', 'x_celsius', 'celsius'],
    ['x', 'J', 'counter', 'x_joules_total', 'joules'],
    ['x', 'm', 'gauge', 'x_meters', 'meters'],
    ['x', '%', 'gauge', 'x_percent', 'percent'],
    ['x', 'rpm', 'gauge', 'x_rpm', 'rpm'],
    ['x', ' By ', 'gauge', 'x_bytes', 'bytes'],
    ['x', 'a//b', 'gauge', 'x_a_per_b', 'a_per_b'],
    ['x', 'm/s/s', 'gauge', 'x_meters_per_s_s', 'meters_per_s_s'],
    ['x', 'constructor', 'gauge', 'x_constructor', 'constructor'],
    ['x', '°', 'gauge', 'x', ''],
    ['x', 'By/s', 'gauge', 'x_bytes_per_second', 'bytes_per_second'],
    ['x', 'm/m', 'gauge', 'x_meters_per_minute', 'meters_per_minute'],
    ['x', '{packet}/s', 'gauge', 'x_per_second', 'per_second'],
    ['x', '1/s', 'gauge', 'x_per_second', 'per_second'],
    ['x', 'By/{packet}', 'gauge', 'x_bytes', 'bytes'],
    ['x', 'By/', 'gauge', 'x_bytes', 'bytes'],
    // The unit "1" is a ratio for a gauge only, and that suffix is the last.
    ['x', '1', 'gauge', 'x_ratio', 'ratio'],
    ['ratio.of.x', '1', 'gauge', 'of_x_ratio', 'ratio'],
    ['x', '1', 'counter', 'x_total', ''],
    ['x', '1', 'updowncounter', 'x', ''],
    ['x', '1', 'histogram', 'x', ''],
    // What the name says already.
    ['x.bytes', 'By', 'gauge', 'x_bytes', 'bytes'],
    ['bytes.of.x', 'By', 'gauge', 'bytes_of_x', 'bytes'],
    ['x.kilobytes', 'By', 'gauge', 'x_kilobytes_bytes', 'bytes'],
    ['x.total', 's', 'counter', 'x_seconds_total', 'seconds'],
    ['x_seconds_total', 's', 'counter', 'x_seconds_total', 'seconds'],
    ['total.x', '', 'counter', 'x_total', ''],
    ['x.total', '', 'gauge', 'x_total', ''],
    // Characters.
    ['a.b-c/d__e', '', 'gauge', 'a_b_c_d_e', ''],
    ['__x__', '', 'gauge', 'x', ''],
    ['a:b', '', 'gauge', 'a:b', ''],
    ['größe', '', 'gauge', 'gr_e', ''],
    ['x😀y', '', 'gauge', 'x_y', ''],
    ['1st', '', 'gauge', '_1st', ''],
    ['1st', '', 'counter', '_1st_total', ''],
  ];

for (const [name, unit, kind, expected, unitWords] of NAMES) {
  test(`the ${kind} ${name} in "${unit}" is ${expected}`, () =>
    assert.deepEqual(metricName(name, unit, kind), { name: expected, unit: unitWords }));
}

test('a metric of whose name nothing is left has none', () => {
  for (const name of ['', '___', '…']) assert.equal(metricName(name, '', 'gauge'), undefined);
  assert.equal(metricName('total', '', 'counter'), undefined);
  assert.deepEqual(metricName('total', 's', 'counter'), { name: 'seconds_total', unit: 'seconds' });
});

for (const [key, label] of [
  ['cpu.mode', 'cpu_mode'],
  ['a.-.b', 'a_b'],
  ['a__b', 'a_b'],
  ['a:b', 'a_b'],
  ['_x_', '_x_'],
  ['__name__', '_name_'],
  ['1x', '_1x'],
  ['ß1', '_1'],
  ['😀', '_'],
  ['', '_'],
] as const) {
  test(`the attribute "${key}" is the label ${label}`, () => assert.equal(labelName(key), label));
}

test('every name is one, whatever it was made of', () => {
  const kinds = fc.constantFrom<MetricKind>('counter', 'gauge', 'updowncounter', 'histogram');
  fc.assert(
    fc.property(text, text, kinds, (name, unit, kind) => {
      const made = metricName(name, unit, kind);
      if (made !== undefined) assert.match(made.name, /^([a-zA-Z:]|_\d)([a-zA-Z0-9:]|_(?!_|$))*$/);
      if (made !== undefined && kind === 'counter') assert.match(made.name, /[a-zA-Z0-9:]_total$/);
      assert.match(made?.unit ?? '', /^[a-zA-Z0-9:_]*$/);
      assert.match(labelName(name), /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/);
    }),
  );
});
