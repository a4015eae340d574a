import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseRequest, points } from './support/otlp.ts';
import { agent, agentEnv, ended, root, run, until } from './support/process.ts';
import { startReceiver } from './support/receiver.ts';
import { createTree } from './support/tree.ts';

// The ways out, as a user has them: otlp, prometheus, console, none, and OpenTelemetry switched off.

const fixture = path.join(root, 'test/fixtures/v2-container/1');

interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
}

function start(t: TestContext, env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const child = spawn(
    agent,
    ['--interval', '100ms', ...(args.includes('--root-path') ? [] : ['--root-path', fixture]), ...args],
    {
      env: { ...process.env, ...agentEnv, JOBMETER_LOG_FORMAT: 'json', JOBMETER_HTTP_PORT: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const over = ended(child);
  const lines = () =>
    said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  return {
    child,
    over,
    lines,
    line: (pattern: RegExp) =>
      until(String(pattern), () => lines().find(({ message }) => pattern.test(message))?.message),
  };
}

test('/metrics has what is sent, in both formats, and closes with the agent', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const env = {
    OTEL_METRICS_EXPORTER: 'otlp,prometheus',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
    OTEL_SERVICE_NAME: 'page "1"',
  };
  const { child, over, line } = start(t, env, '--http-port', '0');
  const [url = ''] = /http:\S+/.exec(await line(/^serves/)) ?? [];
  await receiver.received(2);
  const sent = new Map(points(parseRequest(receiver.requests[1]!.body)).map(({ series, value }) => [series, value]));
  const text = await (await fetch(url)).text();
  const usage = /^container_memory_usage_bytes\{.*otel_scope_name="jobmeter\/container".*\} (\d+)$/m.exec(text)?.[1];
  assert.equal(Number(usage), sent.get('container.memory.usage'));
  assert.match(text, /^target_info\{.*service_name="page \\"1\\"".*\} 1$/m);
  const count = /^jobmeter_memory_usage_distribution_bytes_count\{.*\} (\d+)$/m.exec(text)?.[1];
  assert.ok(Number(count) > 0, 'histograms have samples');
  const openmetrics = await fetch(url, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
  assert.match(await openmetrics.text(), /^# UNIT container_memory_usage_bytes bytes$[^]*# EOF\n$/m);
  assert.equal((await fetch(new URL('/readyz', url))).status, 200);
  child.kill('SIGTERM');
  assert.equal((await over).code, 0);
  await assert.rejects(fetch(url));
});

test('console writes every point, as JSON lines or for a person', async () => {
  const args = ['--once', '--interval', '100ms', '--root-path', fixture];
  const pretty = await run(agent, args, { OTEL_METRICS_EXPORTER: 'console' });
  assert.equal(pretty.code, 0, pretty.stderr);
  assert.match(pretty.stderr, /^container\.memory\.usage 49131520 By$/m);
  assert.match(
    pretty.stderr,
    /^jobmeter\.memory\.usage\.distribution\{jobmeter\.scope=container\} count 2 sum \d+ By$/m,
  );
  const json = await run(agent, args, { OTEL_METRICS_EXPORTER: 'console', JOBMETER_LOG_FORMAT: 'json' });
  const documents = json.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const record = documents.find((document) => 'resourceMetrics' in document);
  const memory = points(record as Parameters<typeof points>[0]).find(({ name }) => name === 'container.memory.usage');
  assert.equal(memory?.value, 49_131_520);
});

test('a page has the numbers of its moment, not those of the last export; what nobody wants is not read', async (t) => {
  const tree = createTree({
    'proc/stat': 'cpu  1 2 3 4\ncpu0 1 2 3 4\nctxt 1\n',
    'proc/loadavg': '1.00 0.00 0.00 1/2 3\n',
  });
  t.after(tree.remove);
  const env = { OTEL_METRICS_EXPORTER: 'prometheus', JOBMETER_EXCLUDE_METRICS: '*.pressure.*' };
  const { child, over, line } = start(t, env, '--root-path', tree.root, '--http-port', '0');
  const [url = ''] = /http:\S+/.exec(await line(/^serves/)) ?? [];
  const page = async () => (await fetch(url)).text();
  const load = async () => /^system_cpu_load_average_1m\{.*\} (\S+)$/m.exec(await page())?.[1];
  assert.equal(await load(), '1');
  writeFileSync(path.join(tree.root, 'proc/loadavg'), '2.00 0.00 0.00 1/2 3\n');
  mkdirSync(path.join(tree.root, 'proc/pressure'));
  writeFileSync(path.join(tree.root, 'proc/pressure/cpu'), 'some nonsense\n');
  // Long before an export would be due.
  await until('the new load', async () => ((await load()) === '2' ? true : undefined), 8);
  const last = await page();
  assert.match(last, /^jobmeter_agent_source_time_seconds_total\{.*jobmeter_source="load".*\}/m);
  assert.doesNotMatch(last, /jobmeter_source="pressure"/);
  child.kill('SIGTERM');
  assert.equal((await over).code, 0);
});

for (const [name, env] of [
  ['none', { OTEL_METRICS_EXPORTER: 'none' }],
  ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'otlp,prometheus,console' }],
] as const) {
  test(`${name}: nothing leaves, no port is open, and that is said`, async (t) => {
    const receiver = await startReceiver(t, () => ({}));
    const { child, over, line, lines } = start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin, ...env });
    await line(/^exports nothing/);
    child.kill('SIGTERM');
    assert.equal((await over).code, 0);
    assert.equal(receiver.requests.length, 0);
    assert.ok(!lines().some(({ message }) => message.startsWith('serves')));
    for (const { time, level } of lines()) assert.deepEqual([new Date(time).toISOString(), level], [time, 'info']);
  });
}

test('explicit buckets and deltas where they are asked for', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  };
  const { code, stderr } = await run(agent, ['--once', '--interval', '100ms'], env);
  assert.equal(code, 0, stderr);
  const body = receiver.requests[0]!.body.toString();
  assert.match(body, /"explicitBounds":\[0\.0078125,0\.01171875,/);
  assert.doesNotMatch(body, /exponentialHistogram/);
  assert.match(body, /"aggregationTemporality":1/);
});

test('a file of its own decides alone: variables of OpenTelemetry count only in it', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const tree = createTree({
    'c.yaml': `file_format: "1.0"
meter_provider:
  readers:
    - periodic:
        exporter:
          otlp_http:
            endpoint: \${TARGET}
            headers: [{name: x-token, value: a=b c}]
distribution:
  jobmeter:
    interval: 100ms
`,
  });
  t.after(() => tree.remove());
  const { code, stderr } = await run(agent, ['--once', '--config', path.join(tree.root, 'c.yaml')], {
    TARGET: receiver.url.href,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_METRICS_EXPORTER: 'none',
  });
  assert.equal(code, 0, stderr);
  assert.equal(receiver.requests[0]!.headers['x-token'], 'a=b c');
  assert.match(stderr, /OTEL_METRICS_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT \(environment\): without effect/);
});
