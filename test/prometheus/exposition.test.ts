import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Format } from '../../src/prometheus/exposition.ts';
import { classicOf, counter, exposed, gauge, histogram, lines, resourceMetrics, scope, updowncounter } from './make.ts';
import { parsePage } from './parse.ts';

const FORMATS = ['text', 'openmetrics'] as const;

const whole: ResourceMetrics = resourceMetrics(
  [
    scope(
      'jobmeter/cpu',
      [
        counter(
          'system.cpu.time',
          [
            [12.5, { 'cpu.mode': 'user' }],
            [0, { 'cpu.mode': 'system' }],
          ],
          { unit: 's', description: 'Seconds "at work",\nby C:\\mode' },
        ),
        updowncounter('system.cpu.logical.count', [[8]], { unit: '{cpu}', description: 'CPUs' }),
      ],
      '1.2.3',
      'https://example.org/schema',
    ),
    scope('jobmeter/agent', [
      gauge('jobmeter.load', [[0.25]], { unit: '1', description: 'Load' }),
      histogram('jobmeter.tick', [[classicOf([1, 2.5], [0.5, 2, 3])]], { unit: 's', description: 'Ticks' }),
    ]),
  ],
  { 'service.name': 'job "7"', 'process.command_args': ['a', 'b'] },
);

test('a page in the text format', () => {
  const { page, warnings } = exposed(whole, 'text', { scopeInfo: true, targetInfo: true });
  assert.deepEqual(warnings, []);
  const cpu =
    'otel_scope_name="jobmeter/cpu",otel_scope_schema_url="https://example.org/schema",otel_scope_version="1.2.3"';
  assert.equal(
    page,
    String.raw`# HELP target_info Target metadata
# TYPE target_info gauge
target_info{process_command_args="[\"a\",\"b\"]",service_name="job \"7\""} 1
# HELP jobmeter_load_ratio Load
# TYPE jobmeter_load_ratio gauge
jobmeter_load_ratio{otel_scope_name="jobmeter/agent"} 0.25
# HELP jobmeter_tick_seconds Ticks
# TYPE jobmeter_tick_seconds histogram
jobmeter_tick_seconds_bucket{otel_scope_name="jobmeter/agent",le="1"} 1
jobmeter_tick_seconds_bucket{otel_scope_name="jobmeter/agent",le="2.5"} 2
jobmeter_tick_seconds_bucket{otel_scope_name="jobmeter/agent",le="+Inf"} 3
jobmeter_tick_seconds_sum{otel_scope_name="jobmeter/agent"} 5.5
jobmeter_tick_seconds_count{otel_scope_name="jobmeter/agent"} 3
# HELP system_cpu_logical_count CPUs
# TYPE system_cpu_logical_count untyped
system_cpu_logical_count{${cpu}} 8
# HELP system_cpu_time_seconds_total Seconds "at work",\nby C:\\mode
# TYPE system_cpu_time_seconds_total counter
system_cpu_time_seconds_total{cpu_mode="user",${cpu}} 12.5
system_cpu_time_seconds_total{cpu_mode="system",${cpu}} 0
`,
  );
});

test('the same page in OpenMetrics, without scopes', () => {
  assert.equal(
    exposed(whole, 'openmetrics', { targetInfo: true }).page,
    String.raw`# TYPE target info
# HELP target Target metadata
target_info{process_command_args="[\"a\",\"b\"]",service_name="job \"7\""} 1
# TYPE jobmeter_load_ratio gauge
# UNIT jobmeter_load_ratio ratio
# HELP jobmeter_load_ratio Load
jobmeter_load_ratio 0.25
# TYPE jobmeter_tick_seconds histogram
# UNIT jobmeter_tick_seconds seconds
# HELP jobmeter_tick_seconds Ticks
jobmeter_tick_seconds_bucket{le="1.0"} 1
jobmeter_tick_seconds_bucket{le="2.5"} 2
jobmeter_tick_seconds_bucket{le="+Inf"} 3
jobmeter_tick_seconds_sum 5.5
jobmeter_tick_seconds_count 3
# TYPE system_cpu_logical_count unknown
# HELP system_cpu_logical_count CPUs
system_cpu_logical_count 8
# TYPE system_cpu_time_seconds counter
# UNIT system_cpu_time_seconds seconds
# HELP system_cpu_time_seconds Seconds \"at work\",\nby C:\\mode
system_cpu_time_seconds_total{cpu_mode="user"} 12.5
system_cpu_time_seconds_total{cpu_mode="system"} 0
# EOF
`,
  );
});

test('a page without metrics', () => {
  assert.equal(exposed([], 'text', { targetInfo: true }).page, '');
  assert.equal(exposed([gauge('x', [])], 'openmetrics').page, '# EOF\n');
});

test('numbers are the shortest that are exact', () => {
  const numbers = [0.1, -0, 1e21, 5e-324, 2 ** 53, -1.5].map((value, index) => [value, { index }] as const);
  assert.deepEqual(
    lines([gauge('x', numbers)]).map((line) => line.split(' ')[1]),
    ['0.1', '0', '1e+21', '5e-324', '9007199254740992', '-1.5'],
  );
});

test('no number that is none, and no counter below zero, comes out', () => {
  const metrics = [gauge('g', [[NaN], [Infinity], [-Infinity], [1]]), counter('c', [[-1], [NaN]])];
  const { page, warnings } = exposed(metrics);
  assert.equal(page, '# TYPE g gauge\ng 1\n');
  assert.deepEqual(warnings, [
    ...['NaN', 'Infinity', '-Infinity'].map(
      (value) => `g is not on the Prometheus page: ${value} is no value of its kind`,
    ),
    ...['-1', 'NaN'].map((value) => `c is not on the Prometheus page: ${value} is no value of its kind`),
  ]);
});

test('deltas are left out; a gauge has none', () => {
  const deltas = [counter, updowncounter, gauge].map((make) => make(make.name, [[1]], { isDelta: true }));
  const { page, warnings } = exposed([...deltas, histogram('histogram', [[classicOf([], [1])]], { isDelta: true })]);
  assert.equal(page, '# TYPE gauge gauge\ngauge 1\n');
  assert.deepEqual(
    warnings,
    ['counter', 'updowncounter', 'histogram'].map(
      (name) => `${name} is not on the Prometheus page: it has deltas, and the page is of totals`,
    ),
  );
});

const VALUES: readonly (readonly [value: unknown, text: string])[] = [
  ['a\\b"c\nd', String.raw`a\\b\"c\nd`],
  [true, 'true'],
  [1.5, '1.5'],
  [NaN, 'NaN'],
  [10n, '10'],
  [['a', 1, null], String.raw`[\"a\",1,null]`],
  [{ a: { b: 1 } }, String.raw`{\"a\":{\"b\":1}}`],
  [new Uint8Array([1, 2, 255]), 'AQL/'],
  ['tab\there', 'tab\there'],
  ['a\r\nb\0c\x85d\u2028e\x7f', String.raw`a�\nb�c�d�e�`],
  ['\uD800x\uDC00😀', '�x�😀'],
];

for (const [value, expected] of VALUES) {
  test(`an attribute's value as a label: ${expected}`, () =>
    assert.deepEqual(lines([gauge('x', [[1, { a: value }]])]), [`x{a="${expected}"} 1`]));
}

test('what has no text is no label', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (const a of ['', undefined, null, circle, [1n], () => 1, Symbol('x')]) {
    assert.deepEqual(lines([gauge('x', [[1, { a }]])]), ['x 1']);
  }
});

test('attributes that become one label are joined in the order of their keys', () => {
  assert.deepEqual(lines([gauge('x', [[1, { a_b: '3', 'a.b': '2', 'a-b': '1', b: '4' }]])]), [
    'x{a_b="1;2;3",b="4"} 1',
  ]);
});

test("an attribute named as one of the page's own labels is renamed", () => {
  const taken = { le: '7', 'otel.scope.name': 'mine', otel_scope_version: '1', 'otel.scope.schema_url': 'u' };
  const renamed =
    'exported_le="7",exported_otel_scope_name="mine",exported_otel_scope_schema_url="u",exported_otel_scope_version="1"';
  const metrics = resourceMetrics([
    scope('s', [gauge('g', [[1, taken]]), histogram('h', [[classicOf([], [1]), { le: '7' }]])]),
  ]);
  const { page } = exposed(metrics, 'text', { scopeInfo: true });
  assert.match(page, new RegExp(`^g\\{${renamed},otel_scope_name="s"\\} 1$`, 'm'));
  assert.match(page, /^h_bucket\{exported_le="7",otel_scope_name="s",le="\+Inf"\} 1$/m);
  assert.deepEqual(lines([gauge('g', [[1, { le: 'a', 'exported.le': 'b' }]])]), ['g{exported_le="b;a"} 1']);
});

test('one family stands together, with the first description, though its points come from several scopes', () => {
  const metrics = resourceMetrics([
    scope('a', [gauge('x', [[1]], { description: 'First', unit: 's' }), gauge('z', [[5]])]),
    scope('b', [gauge('y', [[2]]), gauge('x.seconds', [[3]], { description: 'Second' })]),
  ]);
  const { page, warnings } = exposed(metrics, 'openmetrics', { scopeInfo: true });
  assert.equal(
    page,
    `# TYPE x_seconds gauge
# UNIT x_seconds seconds
# HELP x_seconds First
x_seconds{otel_scope_name="a"} 1
x_seconds{otel_scope_name="b"} 3
# TYPE y gauge
y{otel_scope_name="b"} 2
# TYPE z gauge
z{otel_scope_name="a"} 5
# EOF
`,
  );
  assert.deepEqual(warnings, []);
});

test('a gauge whose name looks like a part of something else has no type', () => {
  const type = (name: string, format: Format) => parsePage(exposed([gauge(name, [[1]])], format).page, format)[0]!.type;
  for (const end of ['count', 'sum', 'bucket', 'total']) {
    assert.equal(type(`x.${end}`, 'text'), 'untyped');
    assert.equal(type(`x.${end}`, 'openmetrics'), 'unknown');
  }
  for (const end of ['created', 'info', 'gcount', 'gsum']) {
    assert.equal(type(`x.${end}`, 'text'), 'gauge');
    assert.equal(type(`x.${end}`, 'openmetrics'), 'unknown');
  }
  for (const format of FORMATS) assert.equal(type('x.account', format), 'gauge');
});

test('the unit is told only where the name ends with it', () => {
  const unit = (name: string, unit: string) =>
    parsePage(exposed([gauge(name, [[1]], { unit })], 'openmetrics').page, 'openmetrics')[0]!.unit;
  assert.equal(unit('x', 'By/s'), 'bytes_per_second');
  assert.equal(unit('bytes.of.x', 'By'), undefined);
  assert.equal(unit('seconds', 's'), undefined);
});
