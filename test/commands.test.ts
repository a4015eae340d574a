import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { sources } from '../instrumentation/index.ts';
import { catalogue } from '../src/catalogue.ts';
import { agent, root, run } from './support/process.ts';
import { startReceiver } from './support/receiver.ts';
import { createTree } from './support/tree.ts';

// jobmeter check and jobmeter metrics, as a user has them.

const fixture = path.join(root, 'test/fixtures/v2-container/1');
const SECRETS = {
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2',
  JOBMETER_HTTP_TOKEN: 'hunter2-hunter2',
};
const page = { OTEL_METRICS_EXPORTER: 'otlp,prometheus', JOBMETER_HTTP_PORT: '0' };

interface Report {
  readonly isOk: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly settings: readonly { setting: string; value: string; source: string }[];
  readonly tried: readonly { kind: string; name: string; state: string; details: readonly string[] }[];
}

async function report(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await run(agent, ['check', '--json', ...args], env);
  assert.equal(stderr, '');
  return { code, ...(JSON.parse(stdout) as Report) };
}

test('check: all that works, each value with its source, and no secret', async (t) => {
  const receiver = await startReceiver(t, () => ({ body: '{}' }));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin, ...SECRETS, ...page };
  const found = await report(['--root-path', fixture, '--interval', '2s'], env);
  assert.deepEqual([found.code, found.isOk, found.problems], [0, true, []]);
  const settings = new Map(found.settings.map(({ setting, value, source }) => [setting, `${value} ${source}`]));
  assert.equal(settings.get('JOBMETER_INTERVAL'), '2s --interval (command line)');
  assert.equal(settings.get('JOBMETER_HTTP_PORT'), '0 JOBMETER_HTTP_PORT (environment)');
  assert.equal(settings.get('OTEL_METRIC_EXPORT_INTERVAL'), '10000 default');
  assert.equal(settings.get('JOBMETER_HTTP_TOKEN'), '*** JOBMETER_HTTP_TOKEN (environment)');
  assert.deepEqual(
    found.tried.filter(({ kind }) => kind === 'source').map(({ name }) => name),
    // One whose metrics are all off by default is not read.
    sources
      .filter(({ isTicked, metrics }) => isTicked || Object.values(metrics).some(({ isOptIn }) => !isOptIn))
      .map(({ name }) => name),
  );
  const states = new Map(found.tried.map(({ kind, name, state }) => [`${kind} ${name}`, state]));
  for (const name of ['cpu', 'memory', 'load', 'disk', 'paging', 'container', 'container-cpu']) {
    assert.equal(states.get(`source ${name}`), 'works', name);
  }
  for (const name of ['filesystem', 'energy', 'infiniband', 'ecs']) {
    assert.equal(states.get(`source ${name}`), 'not here', name);
  }
  assert.ok(![...states.values()].includes('fails'));
  assert.deepEqual([states.get('destination otlp'), states.get('server http')], ['works', 'works']);
  assert.equal(receiver.requests.length, 1);
  assert.equal(receiver.requests[0]!.body.toString(), '{"resourceMetrics":[]}', 'nothing is changed by a probe');
  const { code, stdout } = await run(agent, ['check', '--root-path', fixture], env);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^All works\.$/m);
  assert.doesNotMatch(stdout + JSON.stringify(found), /hunter2/);
});

test('check: what does not work, why, and what would mend it', async (t) => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const tree = createTree({ 'proc/stat': 'cpu  1 2 3\n', 'proc/meminfo': 'MemTotal: 1 kB\n' });
  t.after(() => tree.remove());
  const found = await report(['--root-path', tree.root, '--http-host', '127.0.0.1', '--http-port', String(port)], {
    OTEL_METRICS_EXPORTER: 'otlp,prometheus',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  assert.deepEqual([found.code, found.isOk], [1, false]);
  const tried = new Map(found.tried.map(({ name, state, details }) => [name, `${state}: ${details.join('; ')}`]));
  assert.match(tried.get('cpu') ?? '', /^fails: cannot read \S+\/proc\/stat: .*; is this a file of the kernel\?/);
  assert.match(tried.get('memory') ?? '', /^works: /);
  assert.match(tried.get('load') ?? '', /^not here/);
  assert.match(tried.get('otlp') ?? '', /^fails: .*connection refused.*\(start a collector there, or set OTEL_/);
  assert.match(tried.get('http') ?? '', /^fails: .*another program listens there; JOBMETER_HTTP_PORT chooses/);
});

test('check: errors of the configuration, all of them', async () => {
  const found = await report(['--intervall', '1s'], { JOBMETER_ONCE: 'perhaps', OTEL_METRICS_EXPORTER: 'statsd' });
  assert.equal(found.code, 1);
  assert.equal(found.problems.length, 3);
  for (const name of ['--intervall', 'JOBMETER_ONCE', 'OTEL_METRICS_EXPORTER']) {
    assert.ok(
      found.problems.some((problem) => problem.startsWith(`${name} (`)),
      name,
    );
  }
});

test('metrics: the catalogue, and what is on', async () => {
  const args = [
    'metrics',
    '--json',
    '--metrics',
    'system.*,jobmeter.cpu.usage',
    '--exclude-metrics',
    '*.load_average.*',
  ];
  const { code, stdout, stderr } = await run(agent, args);
  assert.deepEqual([code, stderr], [0, '']);
  const entries = JSON.parse(stdout) as readonly { name: string; isOn: boolean; isDefault: boolean; from: string }[];
  assert.deepEqual(
    entries.map(({ name }) => name),
    catalogue.map(({ name }) => name),
  );
  const on = entries.filter(({ isOn }) => isOn).map(({ name }) => name);
  assert.ok(on.includes('system.cpu.time') && on.includes('jobmeter.cpu.usage'), String(on));
  assert.ok(!on.some((name) => name.includes('load_average') || name.startsWith('container.')), String(on));
  const { stdout: text } = await run(agent, ['metrics']);
  for (const { name, from } of catalogue) assert.ok(text.includes(`${name}  `) && text.includes(from), name);
});

test('metrics: a long list comes out whole, however slowly it is read', async () => {
  const { stdout: whole } = await run(agent, ['metrics', '--json']);
  const { stdout } = await run('sh', ['-c', `${agent} metrics --json | { sleep 0.5; cat; }`]);
  assert.equal(stdout, whole);
});

test('what is chosen is what is exported', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin, JOBMETER_METRICS: 'container.*,*.distribution' };
  const { code, stderr } = await run(agent, ['--once', '--interval', '100ms', '--root-path', fixture], env);
  assert.equal(code, 0, stderr);
  const names = new Set(
    [...receiver.requests[0]!.body.toString().matchAll(/"name":"([a-z_.]+)"/g)].map(([, name]) => name!),
  );
  assert.ok(names.has('container.memory.usage') && names.has('jobmeter.memory.usage.distribution'), String([...names]));
  assert.deepEqual(
    [...names].filter((name) => !/^container\.|\.distribution$/.test(name)),
    [],
  );
});

test('the example file runs, and does what is done without one', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const text = (await import('node:fs')).readFileSync(path.join(root, 'otel-config.yaml'), 'utf8');
  const tree = createTree({ 'x/': '' });
  t.after(() => tree.remove());
  const file = path.join(tree.root, 'config.yaml');
  writeFileSync(
    file,
    text.replace('http://localhost:4318/v1/metrics', receiver.url.href).replace('port: 9464', 'port: 0'),
  );
  const { code, stderr } = await run(agent, ['--config', file, '--once', '--interval', '100ms'], {
    OTEL_SERVICE_NAME: 'from-the-environment',
    OTEL_METRICS_EXPORTER: '',
  });
  assert.equal(code, 0, stderr);
  assert.match(receiver.requests[0]!.body.toString(), /"service.name","value":\{"stringValue":"from-the-environment"/);
});
