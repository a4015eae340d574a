import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants, cpSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseRequest, points, resourceAttributes } from './support/otlp.ts';
import { agent, agentEnv, ended, root, run, until } from './support/process.ts';
import { startReceiver } from './support/receiver.ts';

// The built agent as a user has it.

/** Starts the agent and gives what it said so far. */
function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(agent, args, { env: { ...process.env, ...agentEnv, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { child, over: ended(child), said: () => said };
}

/** An address on which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test('--once takes two samples, delivers them and ends with 0', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const tree = path.join(import.meta.dirname, 'fixtures/v2-container/1');
  const { code, stdout, stderr } = await run(agent, ['--once', '--interval', '100ms', '--root-path', tree], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-token=secret',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'once',
  });
  assert.deepEqual([code, stdout], [0, ''], stderr);
  assert.doesNotMatch(stderr, /warning|secret/);
  assert.match(stderr, /^jobmeter: cpu +the container \/, at most 1\.5 CPUs \(cpu\.max in \/sys\/fs\/cgroup\)$/m);
  assert.equal(receiver.requests.length, 1);
  const { path: target, headers, body } = receiver.requests[0]!;
  assert.equal(target, '/v1/metrics');
  assert.deepEqual(
    [headers['x-token'], headers['content-encoding'], headers['content-type']],
    ['secret', 'gzip', 'application/json'],
  );
  assert.match(headers['user-agent'] ?? '', /^jobmeter\/\d+\.\d+\.\d+ OTel-OTLP-Exporter-JavaScript\//);
  const request = parseRequest(body);
  assert.equal(resourceAttributes(request)['service.name'], 'once');
  const values = new Map(points(request).map(({ series, value }) => [series, value]));
  assert.equal(values.get('container.memory.usage'), 49_131_520);
  assert.equal(
    values.get('jobmeter.cpu.usage{jobmeter.scope=container,jobmeter.statistic=max}'),
    0,
    'nothing moves in a captured tree',
  );
});

test('--once ends with 1 where nothing could be delivered, soon, and says what is lost', async () => {
  const began = performance.now();
  const { code, stderr } = await run(agent, ['--once', '--interval', '100ms'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: await deadUrl(),
  });
  assert.equal(code, 1);
  assert.match(stderr, /^jobmeter: warning: 1 sample was not delivered to http:\S+, and is lost: connection refused/m);
  assert.ok(performance.now() - began < 8000);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal}: the last sample is exported and delivered, then 0`, async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const { child, over, said } = start(['--interval', '100ms'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin });
    await until('the first lines', () => (said().includes('sends') ? true : undefined));
    assert.match(readlinkSync(`/proc/${child.pid}/exe`), /node$/, 'the shell of bin/jobmeter is gone');
    child.kill(signal);
    assert.deepEqual(await over.then(({ code, signal: by }) => [code, by]), [0, null]);
    assert.equal(receiver.requests.length, 1, 'long before the first interval is over');
  });
}

test('Ctrl-C under npm comes twice: it is one, and the last sample is delivered', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const { child, over, said } = start(['--interval', '100ms'], { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin });
  await until('the first lines', () => (said().includes('sends') ? true : undefined));
  child.kill('SIGINT');
  // Another one, since two that are alike and wait are one to the kernel.
  child.kill('SIGTERM');
  assert.deepEqual(await over.then(({ code, signal }) => [code, signal]), [0, null]);
  assert.equal(receiver.requests.length, 1);
});

test('with nobody listening it goes on, says so once, and delivers all of it later', async (t) => {
  const url = new URL(await deadUrl());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url.origin, OTEL_METRIC_EXPORT_INTERVAL: '100' };
  const { child, over, said } = start(['--interval', '100ms'], env);
  t.after(() => child.kill('SIGKILL'));
  await until('the trouble to be said', () => (said().includes('cannot deliver') ? true : undefined));
  const bodies: string[] = [];
  const http = await import('node:http');
  const server = http.createServer(async (request, response) => {
    bodies.push((await request.toArray()).join(''));
    response.end('{}');
  });
  server.listen(Number(url.port), '127.0.0.1');
  t.after(() => server.close());
  const taken = () =>
    bodies
      .flatMap((body) => points(parseRequest(Buffer.from(body))))
      .filter(({ name }) => name === 'jobmeter.samples.taken');
  await until('some exports', () => (taken().length >= 5 ? true : undefined));
  child.kill('SIGTERM');
  const { code, stderr } = await over;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/cannot deliver/g)?.length, 1);
  assert.match(stderr, /delivering to .* again/);
  // Each export says how many were taken before it: none is missing, none is there twice.
  assert.deepEqual(
    taken().map(({ value }) => value),
    Array.from({ length: taken().length }, (_, n) => n),
  );
});

test('a receiver that never answers cannot hold the end up: 8 seconds, and a second signal ends at once', async (t) => {
  const receiver = await startReceiver(t, () => undefined);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
    OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
  };
  const [patient, urged] = [start(['--interval', '100ms'], env), start(['--interval', '100ms'], env)];
  await receiver.received(2);
  const began = performance.now();
  patient.child.kill('SIGTERM');
  urged.child.kill('SIGTERM');
  await until('the signal to have arrived', () => {
    urged.child.kill('SIGINT');
    return urged.child.exitCode ?? undefined;
  });
  // Two signals that wait at once may come in either order.
  assert.ok([130, 143].includes((await urged.over).code ?? 0));
  const { code, stderr } = await patient.over;
  const took = performance.now() - began;
  assert.equal(code, 0);
  assert.ok(took > 7000 && took < 10_000, `${took} ms`);
  assert.match(stderr, /samples? (was|were) not delivered/);
});

test('whoever reads its words may go away', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const child = spawn(agent, ['--interval', '100ms'], {
    env: {
      ...process.env,
      ...agentEnv,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.stderr.destroy();
  child.stdout.destroy();
  await receiver.received(3);
  child.kill('SIGTERM');
  assert.equal(await over, 0);
});

test('what it shares with the job stays as it was: the job’s output blocks, it is not lost', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin };
  const flags = 'grep -h flags /proc/self/fdinfo/1 /proc/self/fdinfo/2';
  // A pipe between programs of a shell, then the sockets that Node and systemd give.
  for (const script of [
    `( ${agent} --once --interval 100ms; ${flags} ) 2>&1 | cat`,
    `${agent} --once --interval 100ms; ${flags}`,
  ]) {
    const { stdout } = await run('sh', ['-c', script], env);
    const seen = [...stdout.matchAll(/^flags:\s+(\d+)$/gm)].map(([, octal]) => Number.parseInt(octal!, 8));
    assert.equal(seen.length, 2, stdout);
    for (const value of seen) assert.equal(value & constants.O_NONBLOCK, 0, `flags 0${value.toString(8)}`);
  }
});

test('signals that it was started to ignore stay ignored, SIGTERM does not', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const env = {
    ...process.env,
    ...agentEnv,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
  };
  const child = spawn('sh', ['-c', `trap '' HUP INT TERM; exec ${agent} --interval 100ms`], { env, stdio: 'ignore' });
  const over = ended(child);
  await receiver.received(1);
  child.kill('SIGHUP');
  child.kill('SIGINT');
  await receiver.received(receiver.requests.length + 3);
  child.kill('SIGTERM');
  assert.deepEqual(await over.then(({ code, signal }) => [code, signal]), [0, null]);
});

test('few descriptors: fewer are kept, and the samples get out', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const { code, stderr } = await run('sh', ['-c', `ulimit -n 34; exec ${agent} --once --interval 200ms`], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
  });
  assert.equal(code, 0, stderr);
  assert.equal(receiver.requests.length, 1);
});

test('--once ends with 1 where the receiver refused a part', async (t) => {
  const answer = { status: 200, body: '{"partialSuccess":{"rejectedDataPoints":"9","errorMessage":"no"}}' };
  const receiver = await startReceiver(t, () => answer);
  const { code } = await run(agent, ['--once', '--interval', '100ms'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
  });
  assert.equal(code, 1);
});

const refused: readonly (readonly [string, readonly string[], NodeJS.ProcessEnv, string])[] = [
  ['flag', ['--interval', 'soon'], {}, '--interval (command line): "soon" is not allowed'],
  ['environment', [], { JOBMETER_INTERVAL: '0' }, 'JOBMETER_INTERVAL (environment): "0" is not allowed'],
  [
    'endpoint',
    [],
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    'OTEL_EXPORTER_OTLP_ENDPOINT (environment): this is not allowed; allowed is a URL',
  ],
];
for (const [name, args, env, message] of refused) {
  test(`a configuration error is one line and 2: ${name}`, async () => {
    const { code, stdout, stderr } = await run(agent, args, env);
    assert.deepEqual([code, stdout], [2, '']);
    assert.ok(stderr.startsWith(`jobmeter: ${message}`), stderr);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('--version is that of package.json', async () => {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual(await run(agent, ['--version']), {
    code: 0,
    signal: null,
    stdout: `jobmeter ${version}\n`,
    stderr: '',
  });
});

test('before it is built it says what to run', async (t) => {
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-unbuilt-'));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  cpSync(path.join(root, 'bin'), path.join(elsewhere, 'bin'), { recursive: true });
  const { code, stderr } = await run(path.join(elsewhere, 'bin/jobmeter'), []);
  assert.equal(code, 2);
  assert.match(stderr, /^jobmeter: not built yet; run 'npm start' once, .*\n$/);
});

test('too old a Node gets one clear line', async () => {
  const old = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.20.2"}})';
  const { code, stderr } = await run(process.execPath, ['--import', old, path.join(root, 'dist/jobmeter.js')]);
  assert.equal(code, 2);
  assert.match(stderr, /^jobmeter: needs Node 22\.15 or newer, this is v[\d.]+\n$/);
});
