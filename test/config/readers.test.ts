// Readers in the declarative file: which exporters are on, and what of several readers can be together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, problemsOf } from './attempt.ts';

const FORMAT = 'file_format: "1.0"\n';
const readers = (...lines: readonly string[]) =>
  `${FORMAT}meter_provider:\n  readers:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

const OTLP = 'periodic: {exporter: {otlp_http: }}';
const CONSOLE = 'periodic: {exporter: {console: }}';
const PROMETHEUS = 'pull: {exporter: {prometheus/development: }}';

const exporters: readonly (readonly [yaml: string, expected: readonly string[]])[] = [
  [FORMAT, []],
  [`${FORMAT}meter_provider:`, []],
  [`${FORMAT}meter_provider:\n  readers:`, []],
  [`${FORMAT}distribution:\n  jobmeter:\n`, []],
  [`${FORMAT}distribution: {jobmeter: {}}`, []],
  [readers(OTLP), ['otlp']],
  [readers('periodic: {exporter: {otlp_http: {}}}'), ['otlp']],
  [readers(CONSOLE), ['console']],
  [readers(PROMETHEUS), ['prometheus']],
  [readers(PROMETHEUS, CONSOLE, OTLP), ['otlp', 'prometheus', 'console']],
];

test('each reader turns its exporter on, also without a value', async () => {
  for (const [yaml, expected] of exporters) {
    const { values, problems } = await attempt({ yaml });
    assert.deepEqual(problems, [], yaml);
    assert.deepEqual(values?.['otel.metrics.exporter'], expected, yaml);
  }
});

test('a reader without an exporter is refused', async () => {
  for (const line of [
    'periodic:',
    'periodic: {interval: 1000}',
    'pull: {exporter: }',
    'periodic: {exporter: {}}',
    '{}',
  ]) {
    const problems = await problemsOf(readers(line));
    assert.equal(problems.length, 1, line);
    assert.match(problems[0]!, /^meter_provider\.readers\[0\].*\(FILE, line 4\): .*allowed/, line);
  }
});

test('two exporters of a kind are refused, also in one alias', async () => {
  for (const [line, key] of [
    [OTLP, 'periodic.exporter.otlp_http'],
    [CONSOLE, 'periodic.exporter.console'],
    [PROMETHEUS, 'pull.exporter.prometheus/development'],
  ] as const) {
    const expected = [
      `meter_provider.readers[1].${key} (FILE, line 5): given twice; one reader of this kind is supported`,
    ];
    assert.deepEqual(await problemsOf(readers(line, line)), expected);
    assert.equal((await problemsOf(readers(`&a {${line}}`, '*a'))).length, 1, line);
  }
});

test('two readers may not say different things of what is one setting', async () => {
  const reader = (name: string, more: string) => `periodic: {exporter: {${name}: }, ${more}}`;
  const yaml = readers(reader('otlp_http', 'interval: 1000'), reader('console', 'interval: 2000'));
  assert.deepEqual(await problemsOf(yaml), [
    'meter_provider.readers[1].periodic.interval (FILE, line 5): says something else than ' +
      'meter_provider.readers[0].periodic.interval (FILE, line 4)',
  ]);
  const same = await attempt({ yaml: yaml.replace('2000', '1000') });
  assert.deepEqual(same.problems, []);
  assert.equal(same.values?.['otel.metric.export.interval'], 1000);
  const temporality = (name: string, word: string) =>
    `periodic: {exporter: {${name}: {temporality_preference: ${word}}}}`;
  const words = readers(temporality('otlp_http', 'delta'), temporality('console', 'cumulative'));
  assert.match((await problemsOf(words))[0]!, /^meter_provider\.readers\[1\]\..*says something else than/);
});

test('the address of the page may not be two', async () => {
  const reader = 'pull: {exporter: {prometheus/development: {port: 1}}}';
  const own = (port: number) => `${readers(reader)}distribution: {jobmeter: {http: {port: ${port}}}}`;
  assert.deepEqual(await problemsOf(own(2)), [
    'distribution.jobmeter.http.port (FILE, line 5): says something else than ' +
      'meter_provider.readers[0].pull.exporter.prometheus/development.port (FILE, line 4)',
  ]);
  assert.equal((await attempt({ yaml: own(1) })).values?.['http.port'], 1);
});
