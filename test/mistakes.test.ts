import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { agent, agentEnv, ended, run } from './support/process.ts';
import { startReceiver } from './support/receiver.ts';

// Plausible mistakes of somebody who uses it for the first time: the message alone has to be enough to mend each.

async function takePort(t: { after(end: () => void): void }): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return String((server.address() as net.AddressInfo).port);
}

const fast = ['--once', '--interval', '100ms'];

test('a wrong endpoint: nobody listens', async () => {
  const { code, stderr } = await run(agent, fast, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /not delivered to http:\/\/127\.0\.0\.1:9\/v1\/metrics.*connection refused.*start a collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT/,
  );
});

test('a wrong endpoint: the path is there twice', async (t) => {
  const receiver = await startReceiver(t, ({ path }) => ({ status: path === '/v1/metrics' ? 200 : 404 }));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url.origin}/v1/metrics` };
  const { code, stderr } = await run(agent, fast, env);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /HTTP 404.*the path is \/v1\/metrics\/v1\/metrics: OTEL_EXPORTER_OTLP_ENDPOINT gets \/v1\/metrics/,
  );
});

test('a wrong endpoint: no scheme', async () => {
  const { code, stderr } = await run(agent, fast, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /OTEL_EXPORTER_OTLP_ENDPOINT \(environment\): .*allowed is a URL such as http:\/\/localhost:4318/,
  );
});

test('a port that is taken does not stop it', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const port = await takePort(t);
  const child = spawn(agent, ['--interval', '100ms', '--http-port', port], {
    env: {
      ...process.env,
      ...agentEnv,
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const over = ended(child);
  await receiver.received(3);
  child.kill('SIGTERM');
  const { code, stderr } = await over;
  assert.equal(code, 0);
  assert.match(
    stderr,
    new RegExp(`cannot serve /metrics on 127\\.0\\.0\\.1:${port}: another program listens there; JOBMETER_HTTP_PORT`),
  );
  assert.equal(stderr.match(/cannot serve/g)?.length, 1);
});

test('a bad header', async () => {
  const { code, stderr } = await run(agent, fast, { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization: Bearer s3cret' });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /OTEL_EXPORTER_OTLP_HEADERS \(environment\): pair 1 has no "="; allowed is key=value pairs.*authorization=Bearer%20abc/,
  );
  assert.doesNotMatch(stderr, /s3cret/);
});

test('a header that the receiver does not take', async (t) => {
  const receiver = await startReceiver(t, () => ({ status: 401, body: 'who are you?' }));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=wrong' };
  const { code, stderr } = await run(agent, fast, env);
  assert.equal(code, 1);
  assert.match(stderr, /HTTP 401: who are you\? \(see OTEL_EXPORTER_OTLP_HEADERS\)/);
});

test('a root that cannot be read', async () => {
  const { code, stderr } = await run(agent, ['--root-path', '/hostt'], {});
  assert.equal(code, 2);
  assert.match(
    stderr,
    /--root-path \(command line\): cannot read "\/hostt\/proc\/stat" \(ENOENT\); allowed is a directory that holds a readable proc\/stat/,
  );
});

for (const [name, right] of [
  ['JOBMETER_INTERVALL', 'JOBMETER_INTERVAL'],
  ['JOBMETR_INTERVAL', 'JOBMETER_INTERVAL'],
  ['OTEL_EXPORTER_OTLP_ENDPIONT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  ['OTEL_SERVICENAME', 'OTEL_SERVICE_NAME'],
] as const) {
  test(`a typo in a variable: ${name}`, async () => {
    const { code, stderr } = await run(agent, fast, { [name]: '1' });
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`${name} \\(environment\\): unknown \\w+, did you mean ${right}\\?`));
  });
}

test('the port of gRPC', async (t) => {
  // What a gRPC server says first: HTTP/2's SETTINGS.
  const server = net.createServer((socket) => socket.end(Buffer.from('000006040000000000000500004000', 'hex')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const { code, stderr } = await run(agent, fast, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  assert.equal(code, 1);
  assert.match(stderr, /not delivered to .*Parse Error/);
});
