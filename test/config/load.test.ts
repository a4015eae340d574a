import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from '../../src/config/help.ts';
import { type Command, load } from '../../src/config/load.ts';
import { ConfigError, parseDuration } from '../../src/config/setting.ts';
import { schema } from '../../src/settings.ts';

type Env = Readonly<Record<string, string>>;

function run(env: Env, ...argv: string[]): Extract<Command<typeof schema>, { kind: 'run' }>['config'] {
  const command = load(schema, env, argv);
  if (command.kind !== 'run') assert.fail(command.kind);
  return command.config;
}

test('nothing configured gives the defaults', () => {
  const { values, otel, warnings } = run({});
  assert.deepEqual(values, { interval: 1000, once: false, 'root.path': '/' });
  assert.equal(otel.exportInterval, 10_000);
  assert.equal(otel.otlp.url, 'http://localhost:4318/v1/metrics');
  assert.deepEqual(otel.resource, {});
  assert.deepEqual(warnings, []);
});

test('a flag wins over the environment, which wins over the default; empty is not set', () => {
  assert.equal(run({ JOBMETER_INTERVAL: '2s' }).values.interval, 2000);
  assert.equal(run({ JOBMETER_INTERVAL: '2s' }, '--interval', '500ms').values.interval, 500);
  assert.equal(run({ JOBMETER_INTERVAL: 'nonsense' }, '--interval=3').values.interval, 3000);
  assert.equal(run({ JOBMETER_INTERVAL: '' }).values.interval, 1000);
  assert.equal(run({ JOBMETER_ONCE: 'true' }).values.once, true);
  assert.equal(run({}, '--once').values.once, true);
});

test('help and version need nothing else to be right', () => {
  assert.equal(load(schema, { JOBMETER_NONSENSE: '1' }, ['--help']).kind, 'help');
  assert.equal(load(schema, {}, ['-V']).kind, 'version');
  const help = helpText(schema, '1.2.3');
  for (const word of ['--interval TIME', 'JOBMETER_ROOT_PATH', 'OTEL_EXPORTER_OTLP_ENDPOINT'])
    assert.ok(help.includes(word), word);
});

const refused: readonly (readonly [string, Env, readonly string[], RegExp])[] = [
  [
    'malformed time',
    { JOBMETER_INTERVAL: 'abc' },
    [],
    /^JOBMETER_INTERVAL \(environment\): "abc" is not allowed; allowed is a time/,
  ],
  [
    'time out of range',
    {},
    ['--interval', '99ms'],
    /^--interval \(command line\): "99ms" is not allowed; allowed is a time from 100ms/,
  ],
  ['negative time', {}, ['--interval=-1'], /^--interval \(command line\): "-1" is not allowed/],
  ['infinite time', {}, ['--interval', '1e9'], /is not allowed/],
  ['missing value', {}, ['--interval'], /^--interval \(command line\): needs a value/],
  ['a flag as value', {}, ['--interval', '--once'], /^--interval \(command line\): needs a value/],
  ['given twice', {}, ['--once', '--once'], /^--once \(command line\): given twice/],
  [
    'unknown flag',
    {},
    ['--intervall', '1'],
    /^--intervall \(command line\): unknown option, did you mean --interval\?/,
  ],
  ['unknown short flag', {}, ['-x'], /^-x \(command line\): unknown option/],
  ['argument', {}, ['sleep'], /^sleep \(command line\): unexpected argument/],
  [
    'unknown variable',
    { JOBMETER_INTRVAL: '1' },
    [],
    /^JOBMETER_INTRVAL \(environment\): unknown setting, did you mean JOBMETER_INTERVAL\?/,
  ],
  [
    'not a switch value',
    { JOBMETER_ONCE: 'maybe' },
    [],
    /^JOBMETER_ONCE \(environment\): "maybe" is not allowed; allowed is true or false/,
  ],
  [
    'no such root',
    { JOBMETER_ROOT_PATH: '/nowhere' },
    [],
    /^JOBMETER_ROOT_PATH \(environment\): "\/nowhere" is not allowed; allowed is a directory that holds proc\/stat/,
  ],
  [
    'endpoint without scheme',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    [],
    /^OTEL_EXPORTER_OTLP_ENDPOINT \(environment\): this is not a URL that can be used; allowed is one such as http/,
  ],
  [
    'metrics endpoint',
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'ftp://x' },
    [],
    /^OTEL_EXPORTER_OTLP_METRICS_ENDPOINT \(environment\)/,
  ],
  ['disabled', { OTEL_SDK_DISABLED: 'true' }, [], /^OTEL_SDK_DISABLED \(environment\): "true" is not supported yet/],
  [
    'another exporter',
    { OTEL_METRICS_EXPORTER: 'prometheus' },
    [],
    /^OTEL_METRICS_EXPORTER \(environment\): "prometheus" is not supported yet; allowed is otlp/,
  ],
  [
    'protocol',
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    [],
    /^OTEL_EXPORTER_OTLP_PROTOCOL \(environment\): "grpc" is not supported yet; allowed is http\/json/,
  ],
  [
    'certificate',
    { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem' },
    [],
    /^OTEL_EXPORTER_OTLP_CERTIFICATE \(environment\): cannot read "\/nowhere.pem" \(ENOENT\)/,
  ],
];

for (const [name, env, argv, message] of refused) {
  test(`refused in one line: ${name}`, () => {
    assert.throws(
      () => load(schema, env, argv),
      (error) => error instanceof ConfigError && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}

test('what Kubernetes sets for a Service of our name is not ours', () => {
  const env = {
    JOBMETER_SERVICE_HOST: '10.0.0.1',
    JOBMETER_SERVICE_PORT: '9464',
    JOBMETER_SERVICE_PORT_HTTP: '9464',
    JOBMETER_PORT: 'tcp://10.0.0.1:9464',
    JOBMETER_PORT_9464_TCP_ADDR: '10.0.0.1',
    JOBMETER_METRICS_SERVICE_HOST: '10.0.0.2',
  };
  assert.equal(run(env).values.interval, 1000);
});

test('by the specification a malformed number is passed over with a warning', () => {
  const { otel, warnings } = run({ OTEL_METRIC_EXPORT_INTERVAL: '10s' });
  assert.equal(otel.exportInterval, 10_000);
  assert.match(
    warnings.join('\n'),
    /^OTEL_METRIC_EXPORT_INTERVAL \(environment\): "10s" is not allowed, 10000 is used/,
  );
  assert.equal(run({ OTEL_METRIC_EXPORT_INTERVAL: '2500' }).otel.exportInterval, 2500);
});

test('resource attributes are read pair by pair', () => {
  const { otel, warnings } = run({
    OTEL_RESOURCE_ATTRIBUTES: 'a=1,bad,b=x%20y,=c,d=%zz, e = 2 ',
    OTEL_SERVICE_NAME: 'train',
  });
  assert.deepEqual(otel.resource, { a: '1', b: 'x y', e: '2', 'service.name': 'train' });
  assert.deepEqual(
    warnings.map((warning) => /"(.*?)"/.exec(warning)?.[1]),
    ['bad', '=c', 'd=%zz'],
  );
});

test('durations', () => {
  const cases: Readonly<Record<string, number | undefined>> = {
    '1s': 1000,
    '500ms': 500,
    '0.5': 500,
    '2m': 120_000,
    '1h': 3_600_000,
    ' 3 ': 3000,
    '': undefined,
    s: undefined,
    '1 s': undefined,
    '1d': undefined,
    '-1s': undefined,
    '1e3': undefined,
    NaN: undefined,
  };
  for (const [text, milliseconds] of Object.entries(cases)) assert.equal(parseDuration(text), milliseconds, text);
});

test('a URL with a password is not repeated', () => {
  for (const url of ['ftp://bob:hunter2@h/', 'http://bob:hunter2@h:99999/?token=hunter2']) {
    assert.throws(
      () => load(schema, { OTEL_EXPORTER_OTLP_ENDPOINT: url }, []),
      (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
    );
  }
});
