import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { agent, agentEnv, ended, until } from '../test/support/process.ts';
import { createCgroup, removeWhenEmpty } from './cgroups.ts';

const MIB = 1024 * 1024;

test('a busy child in a real cgroup: its quota, the use that it made of it, its memory', async (t) => {
  const receiver = await startReceiver(t, () => ({}));
  const cgroup = createCgroup(`jobmeter-test-${process.pid}/inner`, { cpu: 0.5, memory: 256 * MIB });
  const busy = `const held = Buffer.alloc(${64 * MIB}, 1); for (;;) held[0]++;`;
  const started = cgroup.cpuSeconds();
  const shell = spawn(
    'sh',
    ['-c', `${cgroup.enter}; node -e '${busy}' & child=$!; ${agent} --interval 500ms; kill $child; wait $child`],
    {
      env: {
        ...process.env,
        ...agentEnv,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
        OTEL_METRIC_EXPORT_INTERVAL: '3000',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    },
  );
  const over = ended(shell);
  t.after(async () => {
    process.kill(-shell.pid!, 'SIGTERM');
    await over;
    await removeWhenEmpty(cgroup);
  });

  await until('three exports', () => (receiver.requests.length >= 3 ? true : undefined), 60);
  const usedByNow = cgroup.cpuSeconds() - started;
  const memoryNow = cgroup.memoryBytes();
  const exports = receiver.requests.map(
    ({ body }) => new Map(points(parseRequest(body)).map((point) => [point.series, point])),
  );
  const last = exports[2]!;
  const value = (series: string) => last.get(series)?.value ?? assert.fail(`${series} is missing`);

  const scope = 'jobmeter.scope=container';
  assert.equal(value(`jobmeter.cpu.limit{${scope},jobmeter.limit.source=cgroup_quota}`), 0.5);
  assert.equal(value('jobmeter.container.cpu.limit'), 0.5);
  assert.equal(value(`jobmeter.memory.limit{${scope},jobmeter.limit.source=cgroup_memory}`), 256 * MIB);
  const mean = value(`jobmeter.cpu.usage{${scope},jobmeter.statistic=mean}`);
  assert.ok(mean > 0.4 && mean < 0.6, `a quota of 0.5 CPU used up, not ${mean}`);

  const total = (export_: typeof last) =>
    ['user', 'system'].reduce(
      (sum, mode) => sum + (export_.get(`container.cpu.time{cpu.mode=${mode}}`)?.value ?? assert.fail(mode)),
      0,
    );
  const grown = total(last) - total(exports[0]!);
  const span =
    last.get('container.cpu.time{cpu.mode=user}')!.time - exports[0]!.get('container.cpu.time{cpu.mode=user}')!.time;
  assert.ok(Math.abs(grown / span - 0.5) < 0.1, `${grown} s of CPU time in ${span} s`);
  assert.ok(total(last) <= usedByNow + 0.1, `not more than the kernel says: ${total(last)} of ${usedByNow}`);

  const usage = value('container.memory.usage');
  assert.ok(usage > 64 * MIB && Math.abs(usage - memoryNow) < 32 * MIB, `usage ${usage}, the kernel says ${memoryNow}`);
  assert.ok(value('container.memory.working_set') <= usage);
});
