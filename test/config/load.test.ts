// The configuration as a whole: what contradicts itself, and what follows from several settings together.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseDuration } from '../../src/config/setting.ts';
import { isPageServed, isServerOn, pushExporters } from '../../src/settings.ts';
import { configOf } from '../support/config.ts';
import { root } from '../support/process.ts';
import { createTree } from '../support/tree.ts';
import { attemptAll, problemsOf } from './attempt.ts';

const tls = (file: string) => path.join(root, 'test/fixtures/tls', file);
const tree = createTree({ token: 'long-enough-token\n', short: 'short\n', empty: '' });
after(() => tree.remove());
const file = (name: string) => path.join(tree.root, name);

type Env = Readonly<Record<string, string>>;

const contradictions: readonly (readonly [name: string, env: Env, argv: readonly string[], problem: RegExp])[] = [
  [
    'two tokens',
    { JOBMETER_HTTP_TOKEN: 'hunter2hunter2', JOBMETER_HTTP_TOKEN_FILE: file('token') },
    [],
    /^JOBMETER_HTTP_TOKEN \(environment\) and JOBMETER_HTTP_TOKEN_FILE \(environment\): both .*; allowed is one of them$/,
  ],
  [
    'a file without a token',
    {},
    [`--http-token-file=${file('empty')}`],
    /^--http-token-file \(command line\): .*; allowed is a text of at least 8/,
  ],
  [
    'a file with a token that is too short',
    { JOBMETER_HTTP_TOKEN_FILE: file('short') },
    [],
    /^JOBMETER_HTTP_TOKEN_FILE \(environment\): .*; allowed is a text of at least 8/,
  ],
  [
    'a certificate without its key',
    { JOBMETER_HTTP_TLS_CERT_FILE: tls('server.pem') },
    [],
    /^JOBMETER_HTTP_TLS_CERT_FILE \(environment\): a certificate and its key belong together; allowed are both or neither$/,
  ],
  [
    'a key without its certificate',
    {},
    ['--http-tls-key-file', tls('server-key.pem')],
    /^--http-tls-key-file \(command line\): a certificate and its key belong together; allowed are both or neither$/,
  ],
  [
    'a client certificate without its key',
    { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: tls('client.pem') },
    [],
    /^OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE \(environment\): .*; allowed are both or neither$/,
  ],
  [
    'a client key without its certificate',
    { OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: tls('client-key.pem') },
    [],
    /^OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY \(environment\): .*; allowed are both or neither$/,
  ],
  [
    'one delivery, to nobody',
    { OTEL_METRICS_EXPORTER: 'none' },
    ['--once'],
    /^--once \(command line\): nothing is there to deliver to; allowed with otlp or console/,
  ],
  ['one delivery, to a page', { OTEL_METRICS_EXPORTER: 'prometheus', JOBMETER_ONCE: '1' }, [], /^JOBMETER_ONCE \(env/],
  ['one delivery, switched off', { OTEL_SDK_DISABLED: 'true', JOBMETER_ONCE: '1' }, [], /^JOBMETER_ONCE \(env/],
  [
    'a metric that there is none of',
    {},
    ['--metrics', 'default,system.cpu.tiem'],
    /^--metrics \(command line\): "system\.cpu\.tiem" is the name of no metric; "jobmeter metrics" lists them$/,
  ],
  [
    'an exclusion of nothing',
    { JOBMETER_EXCLUDE_METRICS: 'system.*,nothing.*' },
    [],
    /^JOBMETER_EXCLUDE_METRICS \(environment\): "nothing\.\*" is the name of no metric/,
  ],
];

for (const [name, env, argv, expected] of contradictions) {
  test(`refused: ${name}`, async () => {
    const { problems } = await attemptAll({ env, argv });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0]!, expected);
    assert.ok(!problems[0]!.includes('hunter2'));
  });
}

test('a contradiction in the file is told with its line', async () => {
  const own = (text: string) => `file_format: "1.0"\ndistribution:\n  jobmeter:\n    ${text}\n`;
  assert.match(
    (await problemsOf(own('once: true'))).join('\n'),
    /^distribution\.jobmeter\.once \(FILE, line 4\): nothing/,
  );
  const certificate = own(`http: {tls: {cert_file: ${JSON.stringify(tls('server.pem'))}}}`);
  assert.match(
    (await problemsOf(certificate)).join('\n'),
    /^distribution\.jobmeter\.http\.tls\.cert_file \(FILE, line 4\)/,
  );
});

test('what belongs together is allowed together', async () => {
  for (const env of [
    { JOBMETER_HTTP_TOKEN_FILE: file('token') },
    { JOBMETER_HTTP_TLS_CERT_FILE: tls('server.pem'), JOBMETER_HTTP_TLS_KEY_FILE: tls('server-key.pem') },
    {
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: tls('client.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: tls('client-key.pem'),
    },
    { JOBMETER_ONCE: 'true', OTEL_METRICS_EXPORTER: 'console' },
    { JOBMETER_METRICS: 'default,system.cpu.*', JOBMETER_EXCLUDE_METRICS: 'container.*' },
  ]) {
    assert.deepEqual((await attemptAll({ env })).problems, [], Object.keys(env).join());
  }
});

const effects: readonly (readonly [env: Env, push: readonly string[], isPage: boolean, isServer: boolean])[] = [
  [{}, ['otlp'], true, true],
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, ['otlp'], false, false],
  [{ OTEL_METRICS_EXPORTER: 'otlp', JOBMETER_HTTP_PORT: '0' }, ['otlp'], false, true],
  [{ OTEL_METRICS_EXPORTER: 'none' }, [], false, false],
  [{ OTEL_METRICS_EXPORTER: 'none', JOBMETER_HTTP_HOST: '::1' }, [], false, true],
  [{ OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_PROMETHEUS_HOST: '::1' }, [], false, false],
  [{ OTEL_METRICS_EXPORTER: 'console,prometheus' }, ['console'], true, true],
  [{ JOBMETER_HTTP_PORT: 'off' }, ['otlp'], true, false],
  [{ OTEL_SDK_DISABLED: 'true' }, [], false, false],
  [{ OTEL_SDK_DISABLED: 'true', JOBMETER_HTTP_PORT: '9464' }, [], false, true],
  [{ JOBMETER_ONCE: 'true' }, ['otlp'], true, false],
];

test('what is exported, and whether a port is opened', async () => {
  for (const [env, push, isPage, isServer] of effects) {
    const config = await configOf(env);
    const found = [pushExporters(config), isPageServed(config), isServerOn(config)];
    assert.deepEqual(found, [push, isPage, isServer], JSON.stringify(env));
  }
});

test('a task of ECS is known by its variables', async () => {
  const seen = async (env: Readonly<Record<string, string>>) => [...(await configOf(env)).platform];
  const ecs: [string, string] = ['ECS_CONTAINER_METADATA_URI_V4', 'http://169.254.170.2/v4/x'];
  const slurm: [string, string] = ['SLURM_MEM_PER_NODE', '4096'];
  assert.deepEqual(await seen({}), []);
  assert.deepEqual(await seen({ ECS_CONTAINER_METADATA_URI_V4: '' }), []);
  assert.deepEqual(await seen({ ...Object.fromEntries([ecs, slurm]), SECRET: 'x', XSLURM_A: 'x' }), [ecs, slurm]);
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
    '.5s': undefined,
    '1.s': undefined,
    '١s': undefined,
    NaN: undefined,
  };
  for (const [text, milliseconds] of Object.entries(cases)) assert.equal(parseDuration(text), milliseconds, text);
});
