import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startAgent } from '../src/agent.ts';
import type { Destination } from '../src/delivery/destination.ts';
import { createFakeClock } from './support/clock.ts';
import { configOf } from './support/config.ts';
import { assertGolden } from './support/golden.ts';
import { collectingLog } from './support/log.ts';
import { parseRequest, points, resourceAttributes } from './support/otlp.ts';

// The whole way from captured kernel files to OTLP, for each captured situation: two samples, one second apart.

const WALL = Date.UTC(2026, 0, 1) / 1000;

/** Replaces the content of every file of `to` by that in `from`: the descriptors that are open on them see it. */
function overwrite(from: string, to: string): void {
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    const source = path.join(from, file);
    if (statSync(source).isFile()) writeFileSync(path.join(to, file), readFileSync(source));
  }
}

function uptimeOf(tree: string): number {
  return Number(readFileSync(path.join(tree, 'proc/uptime'), 'utf8').split(' ')[0]);
}

/** What of a point can be the same each time: the agent's own numbers cannot. */
function lineOf({ series, name, text, start, time, kind }: ReturnType<typeof points>[number]): string {
  if (name.startsWith('jobmeter.agent.')) return `${series} … ${kind}`;
  // The SDK's own instruments go by the machine's clock.
  if (kind === 'exponentialHistogram') return text;
  return `${text} [${(start - WALL).toFixed(2)}, ${(time - WALL).toFixed(2)}]`;
}

for (const situation of ['hybrid-host', 'kubernetes-v2', 'v1-container', 'v2-container']) {
  test(`golden: ${situation}`, async (t) => {
    const fixture = path.join(import.meta.dirname, 'fixtures', situation);
    const root = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-golden-'));
    t.after(() => rmSync(root, { recursive: true }));
    cpSync(path.join(fixture, '0'), root, { recursive: true });

    const span = uptimeOf(path.join(fixture, '1')) - uptimeOf(path.join(fixture, '0'));
    const argv = ['--root-path', root, '--interval', `${Math.round(span * 1000)}ms`];
    const config = await configOf({ OTEL_SERVICE_NAME: 'golden', OTEL_METRICS_EXPORTER: 'otlp' }, ...argv);
    const clock = createFakeClock({ wall: WALL * 1000 });
    const log = collectingLog();
    const records: Uint8Array[] = [];
    const destination: Destination = {
      name: 'otlp',
      address: 'memory',
      mostRecords: 1,
      mostBytes: 1e6,
      async send(sent) {
        records.push(...sent);
        return { kind: 'delivered' };
      },
    };
    const instanceId = '00000000-0000-4000-8000-000000000000';
    const agent = await startAgent({
      config,
      clock,
      log,
      isWatched: false,
      isPretty: true,
      output: { write: () => 'out', flush: () => true },
      instanceId,
      destination,
    });
    overwrite(path.join(fixture, '1'), root);
    await clock.advance(config.values.interval);
    await agent.stop();

    const request = parseRequest(records[0]!);
    const resource = Object.entries(resourceAttributes(request)).map(([key, value]) => `${key}=${value}`);
    const lines = points(request).map(lineOf).toSorted();
    const text = ['# said', ...log.lines, '', '# resource', ...resource.toSorted(), '', '# points', ...lines, ''].join(
      '\n',
    );
    assertGolden(
      path.join(import.meta.dirname, 'golden', `${situation}.txt`),
      text.replaceAll(process.arch === 'arm64' ? 'host.arch=arm64' : 'host.arch=amd64', 'host.arch=(this machine)'),
    );
  });
}
