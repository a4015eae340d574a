import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { agent, ended, root, until } from '../test/support/process.ts';

const collector = process.env['INTEROP_COLLECTOR'];
const everyPreference = ['cumulative', 'delta', 'lowmemory'];

/** A real Collector that listens, and the file it writes everything to. */
async function startCollector(t: TestContext, directory: string) {
  const file = path.join(directory, 'received.jsonl');
  const child = spawn(collector!, ['--config', path.join(root, 'interop/collector/config.yaml')], {
    env: { ...process.env, OTLP_PORT: '0', OTLP_FILE: file },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const over = ended(child);
  await until('the Collector to be ready', () => (log.includes('Everything is ready') ? true : undefined));
  const endpoint = /Starting HTTP server.*?"endpoint": ?"([^"]+)"/.exec(log)?.[1];
  return {
    url: `http://${endpoint}`,
    lines: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    async stop() {
      child.kill('SIGTERM');
      return (await over).stderr + log;
    },
  };
}

for (const preference of collector === undefined ? [] : everyPreference) {
  test(`a real Collector takes every point, ${preference}`, async (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-collector-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const receiving = await startCollector(t, directory);
    const child = spawn(agent, ['--interval', '200ms'], {
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiving.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference,
        OTEL_METRIC_EXPORT_INTERVAL: '600',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => child.kill('SIGKILL'));
    const over = ended(child);
    await until('three exports', () => (receiving.lines().length >= 3 ? true : undefined));
    child.kill('SIGTERM');
    const { code, stderr } = await over;
    const log = await receiving.stop();

    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /warning/);
    assert.doesNotMatch(log, /\b(warn|error)\b/i);
    const all = receiving.lines().flatMap((line) => points(parseRequest(Buffer.from(line))));
    const last = new Map(all.map(({ series, value }) => [series, value]));
    // The agent's own account, one export old when it was made, agrees with what arrived.
    const counts = (name: string) => all.filter((point) => point.name === name).map(({ value }) => value);
    const taken = counts('jobmeter.samples.taken');
    const total = preference === 'delta' ? taken.reduce((sum, value) => sum + value, 0) : taken.at(-1);
    assert.equal(total, receiving.lines().length - 1);
    for (const name of ['system.cpu.logical.count', 'system.memory.limit']) assert.ok((last.get(name) ?? 0) > 0, name);
    const kinds = new Set(
      all.filter(({ name }) => name === 'system.cpu.time').map(({ text }) => text.includes(' delta ')),
    );
    assert.deepEqual([...kinds], [preference === 'delta']);
    assert.ok(all.every(({ value, time }) => Number.isFinite(value) && time > 1.7e9));
  });
}
