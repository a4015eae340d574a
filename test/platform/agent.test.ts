import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Agent, startAgent } from '../../src/agent.ts';
import { check, describeReport } from '../../src/commands/check.ts';
import type { Destination } from '../../src/delivery/destination.ts';
import { createFakeClock } from '../support/clock.ts';
import { configOf } from '../support/config.ts';
import { collectingLog } from '../support/log.ts';
import { parseRequest, points } from '../support/otlp.ts';
import { until } from '../support/process.ts';
import { type Script, startReceiver } from '../support/receiver.ts';

// From what a platform tells to what is exported, on the captured tree of a container of 1.5 CPUs and 256 MiB.

const fixtures = path.join(import.meta.dirname, '../fixtures');
const tree = path.join(fixtures, 'v2-container/0');
const ecsAnswer = (name: string) => readFileSync(path.join(fixtures, `made/ecs-fargate/0/ecs/${name}.json`));
const MIB = 2 ** 20;

/** Answers as ECS does at the address `/v4/x`. */
const answerAsEcs: Script = ({ path }) => {
  if (path !== '/v4/x' && path !== '/v4/x/task') return { status: 404 };
  return { body: ecsAnswer(path.endsWith('/task') ? 'task' : 'container') };
};

interface Running {
  readonly agent: Agent;
  readonly lines: readonly string[];
  /** What was exported last. */
  last(): ReadonlyMap<string, number>;
  tick(): Promise<void>;
}

async function start(t: TestContext, env: NodeJS.ProcessEnv, root = tree): Promise<Running> {
  const clock = createFakeClock();
  const log = collectingLog();
  const records: Uint8Array[] = [];
  const destination: Destination = {
    name: 'otlp',
    address: 'memory',
    mostRecords: 100,
    mostBytes: 1e7,
    async send(sent) {
      records.push(...sent);
      return { kind: 'delivered' };
    },
  };
  const agent = await startAgent({
    config: await configOf(
      { OTEL_METRICS_EXPORTER: 'otlp', OTEL_METRIC_EXPORT_INTERVAL: '1000', ...env },
      '--root-path',
      root,
    ),
    clock,
    log,
    isWatched: false,
    isPretty: true,
    output: { write: () => 'out', flush: () => true },
    instanceId: 'test',
    destination,
  });
  let isStopped = false;
  const stop = agent.stop.bind(agent);
  t.after(() => (isStopped ? undefined : stop()));
  return {
    agent: {
      ...agent,
      stop() {
        isStopped = true;
        return stop();
      },
    },
    lines: log.lines,
    last: () => new Map(points(parseRequest(records.at(-1)!)).map(({ series, value }) => [series, value])),
    tick: () => clock.advance(1000),
  };
}

const limitsIn = (values: ReadonlyMap<string, number>) =>
  Object.fromEntries(
    [...values].filter(([series]) => /^jobmeter\.(ecs\.task\.|slurm\.)?(cpu|memory)\.limit/.test(series)),
  );

test('on ECS no limit is exported before the endpoint has answered, then the task’s and the container’s', async (t) => {
  const released = Promise.withResolvers<void>();
  const receiver = await startReceiver(t, (received, response) => {
    const { status = 200, body } = answerAsEcs(received, response) as { status?: number; body?: Uint8Array };
    void released.promise.then(() => response.writeHead(status).end(body));
  });
  const { agent, lines, last, tick } = await start(t, { ECS_CONTAINER_METADATA_URI_V4: `${receiver.url.origin}/v4/x` });
  await receiver.received(2);
  for (let ticks = 0; ticks < 3; ticks++) await tick();
  assert.deepEqual(limitsIn(last()), {});
  assert.deepEqual(
    lines.filter((line) => line.includes('ECS')),
    [
      'cpu     the container /; ECS has not told its limit yet',
      'memory  the container /; ECS has not told its limit yet',
    ],
  );

  released.resolve();
  await until('the limits', async () => {
    await tick();
    return lines.some((line) => /^memory .*at most/.test(line)) || undefined;
  });
  await agent.stop();
  assert.deepEqual(limitsIn(last()), {
    'jobmeter.ecs.task.cpu.limit': 0.25,
    'jobmeter.ecs.task.memory.limit': 512 * MIB,
    'jobmeter.cpu.limit{jobmeter.scope=container,jobmeter.limit.source=ecs_task}': 0.25,
    'jobmeter.memory.limit{jobmeter.scope=container,jobmeter.limit.source=ecs_container}': 192 * MIB,
  });
  assert.deepEqual(
    lines.filter((line) => line.includes('at most')),
    [
      'cpu     the container /, at most 0.25 CPUs (limit of the ECS task)',
      'memory  the container /, at most 192 MiB (limit of the ECS container)',
    ],
  );
});

test('an endpoint that never answers well leaves the limits out, and is said once after 30 seconds', async (t) => {
  const receiver = await startReceiver(t, () => ({ status: 500 }));
  const { agent, lines, last, tick } = await start(t, { ECS_CONTAINER_METADATA_URI_V4: receiver.url.origin });
  const warnings = () => lines.filter((line) => line.startsWith('warning: ecs'));
  await receiver.received(2);
  for (let ticks = 0; ticks < 29; ticks++) await tick();
  assert.deepEqual(warnings(), []);
  await until('the warnings', async () => {
    await tick();
    return warnings().length >= 2 || undefined;
  });
  for (let ticks = 0; ticks < 60; ticks++) await tick();
  await agent.stop();
  assert.deepEqual(
    warnings(),
    ['/task', ''].map(
      (at) =>
        `warning: ecs: cannot read ${receiver.url.origin}${at}: answered 500; its numbers are left out (said once)`,
    ),
  );
  assert.deepEqual(limitsIn(last()), {});
  const errors = [...last()].filter(([series]) => series.includes('=ecs') && series.includes('=ask'));
  assert.equal(errors.length, 1);
  assert.ok(errors[0]![1] >= 4, String(errors));
});

test('what Slurm and the user say holds where it is tighter than the cgroup', async (t) => {
  const { agent, lines, last, tick } = await start(t, {
    SLURM_JOB_ID: '4711',
    SLURM_CPUS_ON_NODE: '1',
    SLURM_MEM_PER_NODE: '8192',
    JOBMETER_LIMITS_CPU: '1500m',
    JOBMETER_LIMITS_MEMORY: '64Mi',
  });
  await tick();
  await agent.stop();
  assert.deepEqual(limitsIn(last()), {
    'jobmeter.slurm.cpu.limit': 1,
    'jobmeter.slurm.memory.limit': 8192 * MIB,
    'jobmeter.cpu.limit{jobmeter.scope=container,jobmeter.limit.source=slurm}': 1,
    'jobmeter.memory.limit{jobmeter.scope=container,jobmeter.limit.source=configured}': 64 * MIB,
  });
  assert.ok(lines.includes('cpu     the container /, at most 1 CPU (SLURM_CPUS_ON_NODE)'), lines.join('\n'));
  assert.ok(lines.includes('memory  the container /, at most 64 MiB (JOBMETER_LIMITS_MEMORY)'), lines.join('\n'));
});

test('without a platform the limits are the cgroup’s, and nothing is asked', async (t) => {
  const { agent, last, tick } = await start(t, {});
  await tick();
  await agent.stop();
  assert.deepEqual(limitsIn(last()), {
    'jobmeter.cpu.limit{jobmeter.scope=container,jobmeter.limit.source=cgroup_quota}': 1.5,
    'jobmeter.memory.limit{jobmeter.scope=container,jobmeter.limit.source=cgroup_memory}': 256 * MIB,
  });
});

const report = (env: NodeJS.ProcessEnv) =>
  check(configOf({ OTEL_METRICS_EXPORTER: 'none', JOBMETER_HTTP_PORT: 'off', ...env }, '--root-path', tree));

test('check: waits for ECS, and says what is metered within its limits', async (t) => {
  const receiver = await startReceiver(t, answerAsEcs);
  const found = await report({ ECS_CONTAINER_METADATA_URI_V4: `${receiver.url.origin}/v4/x` });
  assert.deepEqual(found.metered, [
    'cpu     the container /, at most 0.25 CPUs (limit of the ECS task)',
    'memory  the container /, at most 192 MiB (limit of the ECS container)',
  ]);
  assert.deepEqual(
    found.tried.find(({ name }) => name === 'ecs'),
    { kind: 'source', name: 'ecs', state: 'works', details: ['2 numbers'] },
  );
});

test('check: an address that is not asked, and why', async () => {
  const found = await report({ ECS_CONTAINER_METADATA_URI_V4: 'http://192.0.2.1/v4/x' });
  assert.equal(found.isOk, false);
  assert.match(
    describeReport(found),
    /fails +source ecs: .*cannot read http:\/\/192\.0\.2\.1\/v4\/x: not asked, since/,
  );
});
