// What is wrong in OpenTelemetry's declarative file: refused by name and place, never passed over.

import assert from 'node:assert/strict';
import fs, { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { after, test } from 'node:test';
import { UNSUPPORTED } from '../../src/config/otel-file.ts';
import { createTree } from '../support/tree.ts';
import { attempt, attemptAll, FILE, problemsOf, yamlOf } from './attempt.ts';

const FORMAT = 'file_format: "1.0"\n';
const PERIODIC = 'meter_provider.readers[].periodic';
const OTLP = `${PERIODIC}.exporter.otlp_http`;
const PROMETHEUS = 'meter_provider.readers[].pull.exporter.prometheus/development';
const OWN = 'distribution.jobmeter';

const written = (key: string) => key.replaceAll('[]', '[0]');

/** The line on which {@link yamlOf} puts the last step of a key. */
const lineOf = (yaml: string, key: string) =>
  yaml.split('\n').findLastIndex((line) => line.trim().startsWith(JSON.stringify(key))) + 1;

const unknownKeys: Readonly<Record<string, string>> = {
  disabeld: 'disabled',
  meterprovider: 'meter_provider',
  'resource.atributes': 'attributes',
  'meter_provider.reader': 'readers',
  'meter_provider.readers[].periodc': 'periodic',
  'meter_provider.readers[].push': 'pull',
  [`${PERIODIC}.intervall`]: 'interval',
  [`${PERIODIC}.exporter.otlp_htp`]: 'otlp_http',
  [`${PERIODIC}.exporter.zipkin`]: '',
  [`${PERIODIC}.exporter.console.colour`]: '',
  [`${OTLP}.endpont`]: 'endpoint',
  [`${OTLP}.certificate_file`]: '',
  [`${OTLP}.tls.cafile`]: 'ca_file',
  [`${OTLP}.tls.insecure`]: '',
  'meter_provider.readers[].pull.exporters': 'exporter',
  'meter_provider.readers[].pull.exporter.prometheus': '',
  [`${PROMETHEUS}.hots`]: 'host',
  [`${PROMETHEUS}.target_info_enabled`]: '',
  'distribution.jobmetr': 'jobmeter',
  'distribution.other': '',
  [`${OWN}.intrval`]: 'interval',
  [`${OWN}.interval.more`]: '',
  [`${OWN}.exclude.metric`]: 'metrics',
  [`${OWN}.http.tls.certfile`]: 'cert_file',
  [`${OWN}.otel`]: '',
  constructor: '',
  'resource.toString': '',
  'a.b.c': '',
};

test('unknown keys are refused at every level, with what was meant perhaps', async () => {
  for (const [key, meant] of Object.entries(unknownKeys)) {
    const top = key.split('.')[0]!;
    for (const value of ['x', null]) {
      const yaml = yamlOf(key, value);
      const where = key === 'a.b.c' ? top : key === `${OWN}.interval.more` ? `${OWN}.interval` : key;
      const [problem = '', ...more] = await problemsOf(yaml);
      assert.deepEqual(more, [], key);
      const line = lineOf(yaml, where.split('.').at(-1)!);
      assert.ok(problem.startsWith(`${written(where)} (FILE, line ${line}): `), `${key}: ${problem}`);
      if (where === key || where === top) {
        assert.ok(problem.includes(': unknown key'), problem);
        assert.equal(/did you mean (.+)\?/.exec(problem)?.[1] ?? '', meant, key);
      }
    }
  }
});

test('the nearest name is meant', async () => {
  const [problem] = await problemsOf(yamlOf(`${OWN}.http.pot`, 1));
  assert.match(problem!, /unknown key, did you mean port\?$/);
});

test('a key that holds dots or brackets is no path', async () => {
  for (const key of ['distribution.jobmeter.interval', 'meter_provider.readers[]', 'resource.attributes']) {
    const problems = await problemsOf(JSON.stringify({ file_format: '1.0', [key]: '2s' }));
    assert.equal(problems.length, 1, key);
    assert.match(problems[0]!, /unknown key/);
  }
});

const SYNTAX: Readonly<Record<string, readonly [yaml: string, problem: RegExp]>> = {
  'the same key twice': [`${FORMAT}disabled: true\ndisabled: false\n`, /^FILE, line 3, column 1: .*twice/],
  'the same key twice, deep': [
    `${FORMAT}distribution:\n  jobmeter:\n    once: true\n    once: true\n`,
    /^FILE, line 5, column 5: .*twice/,
  ],
  'the format twice': [FORMAT + FORMAT, /^FILE, line 2, column 1: .*twice/],
  'a bracket that is open': [`${FORMAT}resource: [`, /^FILE, line 2, column \d+: \S/],
  'a quote that is open': [`${FORMAT}log_level: "info`, /^FILE, line 2, column \d+: a quotation mark, a bracket/],
  'a tab as indentation': [`${FORMAT}resource:\n\tattributes: []`, /^FILE, line \d, column \d+: \S/],
  'two documents': [`${FORMAT}---\n${FORMAT}`, /^FILE, line 2, column 1: /],
  'no format': ['disabled: false', /^FILE: file_format is missing; allowed is "1\.0"/],
  'an empty format': ['file_format:', /^file_format \(FILE, line 1\): "" is not supported; allowed is "1\.0"/],
  'an older format': [
    'file_format: "0.4"',
    /^file_format \(FILE, line 1\): "0\.4" is not supported; allowed is "1\.0"/,
  ],
  'a newer format': ['file_format: "2.0"', /^file_format \(FILE, line 1\): "2\.0" is not supported/],
  'a minor format that nobody knows': ['file_format: "1.9"', /^file_format \(FILE, line 1\): "1\.9" is not supported/],
  'a format that is none': ['file_format: one', /^file_format \(FILE, line 1\): "one" is not supported/],
  'a format that is a block': ['file_format: {a: 1}', /^file_format \(FILE, line 1\): /],
  'an empty file': ['', /^FILE: file_format is missing/],
  'only a comment': ['# nothing\n', /^FILE: file_format is missing/],
  'an alias of nothing': [`${FORMAT}log_level: *nothing\n`, /^(log_level \()?FILE, line 2/],
  'a tag of nobody': [`${FORMAT}log_level: !mine debug\n`, /^(log_level \()?FILE, line 2/],
};

for (const [name, [yaml, expected]] of Object.entries(SYNTAX)) {
  test(`refused: ${name}`, async () => {
    const problems = await problemsOf(yaml);
    assert.match(problems[0] ?? '', expected);
  });
}

test('a file that is a list or a word is refused, and for its missing format too', async () => {
  for (const yaml of ['- a\n- b\n', 'word', '42', 'true', '"text"', '- file_format: "1.0"\n']) {
    const problems = await problemsOf(yaml);
    assert.equal(problems.filter((line) => line.includes('file_format is missing')).length, 1, yaml);
    assert.ok(
      problems.some((line) => /\(FILE, line \d\): (unknown key|this is a block)/.test(line)),
      problems.join('\n'),
    );
  }
});

test('a file that cannot be read is refused once', async (t) => {
  const { root, remove } = createTree({ 'directory/': '' });
  t.after(remove);
  for (const [file, code] of [
    [path.join(root, 'nothing.yaml'), 'ENOENT'],
    [path.join(root, 'directory'), 'EISDIR'],
  ] as const) {
    for (const input of [{ argv: ['--config', file] }, { env: { OTEL_CONFIG_FILE: file } }]) {
      const { problems } = await attempt(input);
      assert.deepEqual(
        problems.map((line) => line.replace(root, 'ROOT')),
        [
          `${input.argv === undefined ? 'OTEL_CONFIG_FILE (environment)' : '--config (command line)'}: ` +
            `cannot read "ROOT/${path.basename(file)}" (${code}); allowed is a YAML file that can be read`,
        ],
      );
    }
  }
});

test('a file is read once: behind its name may be a pipe', async (t) => {
  const { readFileSync } = fs;
  let reads = 0;
  const mock = t.mock.method(fs, 'readFileSync', (...args: Parameters<typeof readFileSync>) => {
    if (args[0] === FILE) reads++;
    return readFileSync(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    mock.mock.restore();
    syncBuiltinESMExports();
  });
  assert.deepEqual(await problemsOf(FORMAT), []);
  assert.equal(reads, 1);
});

test('every key that the specification has and jobmeter does not is refused with its reason', async () => {
  for (const [key, why] of Object.entries(UNSUPPORTED)) {
    for (const value of ['always_on', ['x'], { x: 1 }, [], {}]) {
      const yaml = yamlOf(key, value);
      const line = lineOf(yaml, key.split('.').at(-1)!);
      assert.deepEqual(await problemsOf(yaml), [`${written(key)} (FILE, line ${line}): not supported: ${why}`]);
    }
    // Without a value nothing is asked for, except from an exporter.
    const isExporter = key.includes('.exporter.otlp_');
    assert.equal((await problemsOf(yamlOf(key, null))).length, isExporter ? 1 : 0, key);
  }
});

test('what asks for nothing else than what is done is allowed', async () => {
  const harmless = {
    'meter_provider.exemplar_filter': ['trace_based', 'always_off'],
    [`${PROMETHEUS}.translation_strategy`]: ['underscore_escaping_with_suffixes'],
  };
  for (const [key, values] of Object.entries(harmless)) {
    for (const value of values) assert.deepEqual(await problemsOf(yamlOf(key, value)), [], `${key} ${value}`);
  }
});

const wrongShapes: readonly (readonly [key: string, value: unknown])[] = [
  ['disabled', {}],
  ['disabled', { value: true }],
  ['disabled', [true]],
  ['log_level', [['info']]],
  ['resource', 'a=b'],
  ['resource', ['a=b']],
  ['resource.attributes', 'a=b'],
  ['resource.attributes', { a: 'b' }],
  ['resource.attributes', [{ name: 'a' }]],
  ['resource.attributes', [{ value: 'a' }]],
  ['resource.attributes', [{ name: '', value: 'a' }]],
  ['resource.attributes', [{ name: 'a', value: ['b'] }]],
  ['resource.attributes', [{ name: 'a', value: 'b', type: 'int' }]],
  ['resource.attributes', [{ name: 'a', value: 'b', nmae: 'c' }]],
  ['resource.attributes', [{ name: 'a', value: 'b' }, 'c']],
  ['meter_provider', 'otlp'],
  ['meter_provider', []],
  ['meter_provider.readers', 'otlp'],
  ['meter_provider.readers', { periodic: null }],
  ['meter_provider.readers[]', 'periodic'],
  ['meter_provider.readers[]', [['periodic']]],
  [`${PERIODIC}.interval`, { ms: 1000 }],
  [`${PERIODIC}.interval`, [1000, 2000]],
  [`${PERIODIC}.interval`, [1000]],
  [`${PERIODIC}.exporter`, 'otlp_http'],
  [OTLP, 'http://localhost:4318'],
  [`${OTLP}.headers`, { authorization: 'x' }],
  [`${OTLP}.tls`, '/ca.pem'],
  ['distribution', 'jobmeter'],
  [OWN, '1s'],
  [OWN, ['interval']],
  [`${OWN}.interval`, { seconds: 1 }],
  [`${OWN}.http`, 9464],
  [`${OWN}.metrics`, { include: '*' }],
  [`${OWN}.metrics`, ['a,b']],
  [`${OWN}.metrics`, ['']],
];

for (const [key, value] of wrongShapes) {
  test(`the wrong shape is refused: ${JSON.stringify(value)} as ${key}`, async () => {
    const problems = await problemsOf(yamlOf(key, value));
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.ok(problems[0]!.startsWith(written(key)), problems[0]);
    assert.match(problems[0]!, /\(FILE, line \d+\): \S/);
  });
}

test('values may be lists where they are lists', async () => {
  const { values } = await attempt({ yaml: yamlOf(`${OWN}.metrics`, ['default', ' a* ', 'b']) });
  assert.deepEqual(values?.['metrics'], ['default', 'a*', 'b']);
});

test('attributes win over attributes_list and headers over headers_list, in whichever order they stand', async () => {
  const [ours, list] = ['[{name: a, value: "1,=%", type: string}, {name: b, value: 1.10}]', 'c=x%20y,a=0'];
  for (const order of [0, 1]) {
    const lines = (name: string) =>
      [`${name}: ${ours}`, `${name}_list: ${list}`].toSorted(() => (order === 0 ? 1 : -1));
    const exporter = `{otlp_http: {${lines('headers').join(', ').replace('c=x%20y,a=0', '"c=x%20y,a=0"')}}}`;
    const yaml = `${FORMAT}resource:\n  ${lines('attributes').join('\n  ')}\nmeter_provider: {readers: [{periodic: {exporter: ${exporter}}}]}`;
    const { values, problems } = await attempt({ yaml });
    assert.deepEqual(problems, []);
    const merged = { a: '1,=%', b: '1.10', c: 'x y' };
    assert.deepEqual(values?.['otel.resource.attributes'], merged);
    assert.deepEqual(values?.['otel.exporter.otlp.headers'], merged);
  }
});

test('keys of a pair are no place for variables', async () => {
  const problems = await problemsOf(yamlOf('resource.attributes', [{ '${N}': 'a', value: 'b' }]), { N: 'name' });
  assert.equal(problems.length, 1);
});

test('a billion laughs end soon, and so does what holds itself', { timeout: 10_000 }, async () => {
  const laughs = Array.from({ length: 9 }, (_, i) => `- &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
  const cases = [
    `${FORMAT}meter_provider:\n  readers: &l0 [{periodic: {exporter: {console: }}}]\nresource:\n  attributes:\n  ${laughs.join('\n  ')}`,
    `${FORMAT}resource: &a\n  attributes: &b [*b, *a]\n`,
    `&a\n${FORMAT}resource: *a\ndistribution: {jobmeter: *a}\n`,
    `${FORMAT}meter_provider: &a\n  readers: &b [*a, *b, {periodic: *a, pull: *b}]\n`,
    `${FORMAT}meter_provider:\n  readers:\n  - &a {pull: }\n${'  - *a\n'.repeat(20_000)}`,
  ];
  for (const yaml of cases) {
    const problems = await problemsOf(yaml);
    assert.ok(problems.length > 0, yaml.slice(0, 200));
    assert.ok(problems.length < 20_000);
  }
});

test('an alias stands for what it names', async () => {
  const yaml = `${FORMAT}log_level: &level debug\ndistribution: {jobmeter: {log: {format: &f json}, exclude: {metrics: [&p "a*"], devices: [*p]}}}`;
  const { values, problems } = await attempt({ yaml });
  assert.deepEqual(problems, []);
  assert.deepEqual([values?.['exclude.devices'], values?.['otel.log.level']], [['a*'], 'debug']);
});

const noTree = createTree({});
after(() => noTree.remove());

test('OTEL_ variables have no effect beside a file, and that is said; own variables and flags win over it', async () => {
  const env = {
    OTEL_METRIC_EXPORT_INTERVAL: 'nonsense',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2',
    OTEL_METRICS_EXPORTER: ' ',
    JOBMETER_INTERVAL: '2s',
    JOBMETER_HTTP_PORT: '1',
  };
  const yaml = `${FORMAT}distribution: {jobmeter: {interval: 3s, http: {port: 2}}}`;
  const { values, warnings } = await attemptAll({ env, argv: ['--http-port=3'], yaml });
  assert.deepEqual(
    warnings.map((line) => line.replaceAll(FILE, 'FILE')),
    [
      'OTEL_METRIC_EXPORT_INTERVAL, OTEL_EXPORTER_OTLP_HEADERS (environment): without effect, since FILE is the ' +
        'configuration; in it, ${OTEL_METRIC_EXPORT_INTERVAL} stands for the value',
    ],
  );
  assert.deepEqual([values?.['interval'], values?.['http.port']], [2000, 3]);
  assert.equal(values?.['otel.metric.export.interval'], 10_000);
  assert.deepEqual(values?.['otel.exporter.otlp.headers'], {});
});

test('a flag names the file before OTEL_CONFIG_FILE does', async () => {
  const other = path.join(noTree.root, 'other.yaml');
  writeFileSync(other, `${FORMAT}log_level: debug`);
  const env = { OTEL_CONFIG_FILE: other };
  assert.equal((await attempt({ env })).values?.['otel.log.level'], 'debug');
  const { values, warnings } = await attempt({ env, yaml: `${FORMAT}log_level: error` });
  assert.equal(values?.['otel.log.level'], 'error');
  assert.deepEqual(warnings, []);
});
