// What the agent costs, beside node_exporter in the same run: node bench/cost.ts [SECONDS]
// CPU seconds per 1,000 ticks, memory, time from start to first sample. Run it on a quiet machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { agent } from '../test/support/process.ts';

const seconds = Number(process.argv[2] ?? 600);
/** The first seconds belong to the start. */
const WARM_UP = Math.min(20, seconds / 2);

const USER_HZ = 100;

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
}

/** MiB of a line of smaps_rollup. */
function memory(pid: number, line: string): number {
  const match = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(match?.[1]) / 1024;
}

async function main(): Promise<void> {
  const server = http.createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;

  const starts: number[] = [];
  for (let n = 0; n < 10; n++) {
    const began = performance.now();
    const child = spawn(agent, ['--http-port', 'off'], { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const chunk of child.stderr as AsyncIterable<Buffer>) if (chunk.includes('memory  ')) break;
    starts.push(performance.now() - began);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  starts.sort((a, b) => a - b);
  console.log(
    `start to first sample: median ${starts[5]!.toFixed(0)} ms, slowest ${starts.at(-1)!.toFixed(0)} ms (10 starts)`,
  );

  const own = spawn(agent, [], {
    env: { ...process.env, JOBMETER_HTTP_PORT: '19101', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  const other = spawn('prometheus-node-exporter', ['--web.listen-address=127.0.0.1:19100'], { stdio: 'ignore' });
  other.on('error', () => console.log('prometheus-node-exporter is not installed: no comparison'));
  const scrape = (page: string) =>
    fetch(page).then(
      (answer) => answer.text(),
      () => '',
    );
  const pages = ['http://127.0.0.1:19100/metrics', 'http://127.0.0.1:19101/metrics'];
  const scraping = setInterval(() => void Promise.all(pages.map(scrape)), 10_000);
  await sleep(WARM_UP * 1000);
  const [before, beforeOther] = [cpuSeconds(own.pid!), other.pid === undefined ? 0 : cpuSeconds(other.pid)];
  await sleep((seconds - WARM_UP) * 1000);
  const span = seconds - WARM_UP;
  const used = cpuSeconds(own.pid!) - before;
  console.log(
    `jobmeter: ${((used / span) * 1000).toFixed(2)} CPU seconds per 1,000 ticks of 1 s, an export and a scrape each 10 s`,
  );
  console.log(
    `jobmeter: RSS ${memory(own.pid!, 'Rss').toFixed(1)} MiB, private ${memory(own.pid!, 'Pss_Anon').toFixed(1)} MiB after ${seconds} s`,
  );
  if (other.pid !== undefined) {
    const usedOther = cpuSeconds(other.pid) - beforeOther;
    console.log(
      `node_exporter: ${((usedOther / span) * 1000).toFixed(2)} CPU seconds per 1,000 s, one scrape each 10 s; jobmeter, ten times as often, is ${(used / usedOther).toFixed(2)} of it`,
    );
    console.log(
      `node_exporter: RSS ${memory(other.pid, 'Rss').toFixed(1)} MiB, private ${memory(other.pid, 'Pss_Anon').toFixed(1)} MiB`,
    );
  }
  clearInterval(scraping);
  own.kill('SIGTERM');
  other.kill('SIGTERM');
  server.close();
  server.closeAllConnections();
}

await main();
