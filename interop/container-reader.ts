// Reads the sources of the own cgroup, inside of it: for each line that comes in, a line of JSON goes out with what they
// say, "name attribute" -> number.

import { createInterface } from 'node:readline';
import { sources } from '../instrumentation/index.ts';
import { systemClock } from '../src/clock.ts';
import { openKernelFiles } from '../src/host.ts';

const kernel = openKernelFiles('/', systemClock);
const own = sources.filter(({ name }) => name.startsWith('container'));
const last = new Map<unknown, unknown>();

function readAll(): Readonly<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const source of own) {
    const now = source.read(kernel.host);
    if (now === undefined) continue;
    const before = last.get(source);
    const snapshot = before === undefined ? now : (source.settle?.(before, now) ?? now);
    last.set(source, snapshot);
    source.observe(snapshot, (metric, value, attributes = {}) => {
      if (value === undefined) return;
      numbers[[source.metrics[metric]!.name, ...Object.values(attributes)].join(' ')] = value;
    });
  }
  for (const { path, message } of kernel.takeFailures()) process.stderr.write(`${path}: ${message}\n`);
  return numbers;
}

for await (const _ of createInterface(process.stdin)) process.stdout.write(`${JSON.stringify(readAll())}\n`);
