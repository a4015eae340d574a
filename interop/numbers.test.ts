import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { agent, ended, freePort, run, until } from '../test/support/process.ts';

const MIB = 1024 * 1024;

/** Samples of a Prometheus page, by `name{labels}`. */
function parsePage(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('node_exporter and free(1) see the same host', async (t) => {
  const port = await freePort();
  const exporter = spawn('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const over = ended(exporter);
  const receiver = await startReceiver(t, () => ({}));
  t.after(async () => {
    exporter.kill('SIGTERM');
    await over;
  });
  const scrape = async () => parsePage(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  const before = await until('node_exporter', () => scrape().catch(() => undefined));
  const { code, stderr } = await run(agent, ['--once', '--interval', '200ms'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
  });
  assert.equal(code, 0, stderr);
  const free = (await run('free', ['--bytes', '--wide'])).stdout;
  const after = await scrape();

  const ours = new Map(points(parseRequest(receiver.requests[0]!.body)).map(({ series, value }) => [series, value]));
  const our = (series: string) => ours.get(series) ?? assert.fail(`${series} is missing`);
  const sumOf = (page: ReadonlyMap<string, number>, pattern: RegExp) =>
    [...page].filter(([series]) => pattern.test(series)).reduce((sum, [, value]) => sum + value, 0);

  const modes = {
    user: 'user',
    nice: 'nice',
    system: 'system',
    idle: 'idle',
    iowait: 'iowait',
    steal: 'steal',
    interrupt: '(irq|softirq)',
  };
  for (const [mode, theirs] of Object.entries(modes)) {
    const pattern = new RegExp(`^node_cpu_seconds_total\\{.*mode="${theirs}"`);
    const value = our(`system.cpu.time{cpu.mode=${mode}}`);
    // Rounded down for each CPU there, once for all of them here.
    const slack = 0.05;
    assert.ok(
      value >= sumOf(before, pattern) - slack && value <= sumOf(after, pattern) + slack,
      `${mode}: ${value} not between two scrapes`,
    );
  }
  assert.equal(
    our('system.cpu.logical.count'),
    [...after.keys()].filter((series) => /mode="idle"/.test(series)).length,
  );
  assert.equal(our('system.memory.limit'), after.get('node_memory_MemTotal_bytes'));

  const close = (name: string, value: number, theirs: number | undefined) =>
    assert.ok(Math.abs(value - (theirs ?? Number.NaN)) < 96 * MIB, `${name}: ${value}, theirs ${theirs}`);
  close('available', our('system.memory.linux.available'), after.get('node_memory_MemAvailable_bytes'));
  close('free', our('system.memory.usage{system.memory.state=free}'), after.get('node_memory_MemFree_bytes'));
  close('buffers', our('system.memory.usage{system.memory.state=buffers}'), after.get('node_memory_Buffers_bytes'));
  const [, total, , , , buffers, cache, available] = /^Mem:.*$/m.exec(free)![0].split(/\s+/).map(Number);
  assert.equal(our('system.memory.limit'), total);
  close('free: buffers', our('system.memory.usage{system.memory.state=buffers}'), buffers);
  close('free: cache', our('system.memory.usage{system.memory.state=cached}'), cache);
  close('free: available', our('system.memory.linux.available'), available);

  const uptime = Date.now() / 1000 - (after.get('node_boot_time_seconds') ?? Number.NaN);
  assert.ok(Math.abs(our('system.uptime') - uptime) < 5, `up ${our('system.uptime')} s, theirs ${uptime}`);
  assert.ok(Math.abs(our('system.cpu.load_average.15m') - (after.get('node_load15') ?? Number.NaN)) < 0.5);
});
