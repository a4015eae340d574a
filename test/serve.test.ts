import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { emptyResource } from '@opentelemetry/resources';
import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { startAgent } from '../src/agent.ts';
import { systemClock } from '../src/clock.ts';
import type { Destination, Verdict } from '../src/delivery/destination.ts';
import type { Environment } from '../src/config/setting.ts';
import type { Sample } from '../src/sampler.ts';
import { type Served, startLocalServer } from '../src/serve.ts';
import { createFakeClock } from './support/clock.ts';
import { configOf } from './support/config.ts';
import { collectingLog } from './support/log.ts';
import { until } from './support/process.ts';

const sample = (slot: number): Sample => ({ slot, wall: 0, readings: new Map() });
const nothing: CollectionResult = {
  resourceMetrics: { resource: emptyResource(), scopeMetrics: [] },
  errors: [],
};

async function serve(t: TestContext, served: Partial<Served>, env: Environment = {}) {
  const log = collectingLog();
  const config = await configOf({ JOBMETER_HTTP_HOST: '127.0.0.1', JOBMETER_HTTP_PORT: '0', ...env });
  const all: Served = {
    newest: () => sample(1),
    collect: async () => nothing,
    livenessTrouble: () => undefined,
    readinessTrouble: () => undefined,
    ...served,
  };
  const server = await startLocalServer(config, all, { clock: systemClock, log });
  if (server === undefined) assert.fail(log.lines.join('\n'));
  t.after(() => server.close());
  return { log, get: (path: string, headers = {}) => fetch(server.address + path, { headers }) };
}

test('a page is made once for each sample and format, however often it is asked for', async (t) => {
  let newest = sample(1);
  let collected = 0;
  async function collect(): Promise<CollectionResult> {
    collected++;
    return nothing;
  }
  const { get } = await serve(t, { newest: () => newest, collect });
  const openmetrics = { accept: 'application/openmetrics-text;version=1.0.0' };
  const pages = await Promise.all([get('/metrics'), get('/metrics'), get('/metrics', openmetrics)]);
  assert.deepEqual(
    pages.map(({ status, headers }) => `${status} ${headers.get('content-type')}`),
    [
      '200 text/plain; version=0.0.4; charset=utf-8',
      '200 text/plain; version=0.0.4; charset=utf-8',
      '200 application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
  );
  assert.match(await pages[2].text(), /# EOF\n$/);
  assert.equal(collected, 2);
  newest = sample(2);
  await get('/metrics');
  assert.equal(collected, 3);
});

test('a page that cannot be made is no 200, and is made when it can be', async (t) => {
  let newest: Sample | undefined;
  let isBroken = true;
  const { get, log } = await serve(t, {
    newest: () => newest,
    collect: () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve(nothing)),
  });
  assert.equal((await get('/metrics')).status, 503, 'before the first sample');
  newest = sample(1);
  const failed = await get('/metrics');
  assert.equal(failed.status, 500);
  assert.match(await failed.text(), /broken/);
  assert.ok(log.lines.some((line) => line.includes('broken')));
  isBroken = false;
  assert.equal((await get('/metrics')).status, 200, 'although the sample is the same');
});

test('what had to be left out is said', async (t) => {
  const { get, log } = await serve(t, { collect: async () => ({ ...nothing, errors: [new Error('no cpu')] }) });
  assert.equal((await get('/metrics')).status, 200);
  assert.deepEqual(log.lines, ['warning: a part of /metrics is left out: no cpu']);
});

test('/healthz and /readyz say what is wrong', async (t) => {
  let trouble: string | undefined;
  const { get } = await serve(t, { readinessTrouble: () => trouble });
  assert.equal((await get('/readyz')).status, 200);
  trouble = 'nothing was delivered';
  const answer = await get('/readyz');
  assert.deepEqual([answer.status, await answer.text()], [503, 'nothing was delivered\n']);
  assert.equal((await get('/healthz')).status, 200);
});

test('with a token, /metrics asks for it and the probes do not', async (t) => {
  const { get } = await serve(t, {}, { JOBMETER_HTTP_TOKEN: 'hunter2-hunter2' });
  const status = async (path: string, headers = {}) => (await get(path, headers)).status;
  assert.equal(await status('/metrics'), 401);
  assert.equal(await status('/metrics', { authorization: 'Bearer hunter2-hunter3' }), 401);
  assert.equal(await status('/metrics', { authorization: 'Bearer hunter2-hunter2' }), 200);
  assert.equal(await status('/healthz'), 200);
});

test('an address that others can reach is warned of, unless a token is asked for', async (t) => {
  for (const [env, warnings] of [
    [{}, 1],
    [{ JOBMETER_HTTP_TOKEN: 'hunter2-hunter2' }, 0],
  ] as const) {
    const { log } = await serve(t, {}, { ...env, JOBMETER_HTTP_HOST: '0.0.0.0' });
    assert.equal(log.lines.filter((line) => line.includes('open to other machines')).length, warnings);
  }
});

/** The whole agent, its clock a test's. */
async function startWith(t: TestContext, env: Environment, destination?: Destination) {
  const log = collectingLog();
  const clock = createFakeClock();
  const agent = await startAgent({
    config: await configOf({ JOBMETER_HTTP_HOST: '127.0.0.1', ...env }),
    clock,
    log,
    isWatched: false,
    isPretty: true,
    output: { write: () => 'out', flush: () => true },
    instanceId: 'test',
    ...(destination && { destination }),
  });
  t.after(() => agent.stop());
  const served = () =>
    until('the server', () => log.lines.map((line) => /^serves {2}(http:\/\/[^/]+)/.exec(line)?.[1]).find(Boolean));
  return { log, clock, served };
}

test('a port that was taken is tried again, and served when it is free', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as net.AddressInfo;
  const { log, clock, served } = await startWith(t, {
    OTEL_METRICS_EXPORTER: 'prometheus',
    JOBMETER_HTTP_PORT: String(port),
    JOBMETER_INTERVAL: '5m',
  });
  const said = /another program listens there; JOBMETER_HTTP_PORT chooses/;
  await until('the trouble', () => (log.lines.some((line) => said.test(line)) ? true : undefined));
  other.close();
  await once(other, 'close');
  await clock.advance(60_000);
  assert.equal((await fetch(`${await served()}/metrics`)).status, 200);
});

test('/readyz tells of a receiver that refuses for long, and of one that takes again', async (t) => {
  let verdict: Verdict = { kind: 'transient', reason: 'HTTP 503' };
  const destination: Destination = {
    name: 'otlp',
    address: 'http://collector',
    mostRecords: 500,
    mostBytes: 1e6,
    send: async () => verdict,
  };
  const { clock, served } = await startWith(t, { JOBMETER_HTTP_PORT: '0', JOBMETER_INTERVAL: '10s' }, destination);
  const ready = async () => {
    const answer = await fetch(`${await served()}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  assert.equal(await ready(), '200 ok\n');
  await clock.advance(4 * 60_000);
  assert.equal(await ready(), '200 ok\n');
  await clock.advance(2 * 60_000);
  assert.match(await ready(), /^503 nothing was delivered by otlp for 36\d s: HTTP 503\n$/);
  verdict = { kind: 'delivered' };
  await clock.advance(10 * 60_000);
  assert.equal(await ready(), '200 ok\n');
});
