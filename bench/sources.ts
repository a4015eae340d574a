// What reading each source costs, beside a C program that makes the same system calls: node bench/sources.ts
// Both sides take turns, so that a machine that others use too is as slow for the one as for the other. Both are warm:
// an agent that reads once a second finds its caches cold, as the lines with pauses show.

import { sources } from '../instrumentation/index.ts';
import type { Source } from '../instrumentation/source.ts';
import { systemClock } from '../src/clock.ts';
import { openKernelFiles } from '../src/host.ts';
import { createRunner } from '../src/runner.ts';
import { compare, comparePaced, PACED, type Result, type Row } from './measure.ts';
import { record } from './recorded.ts';
import { startReference } from './reference.ts';
import { printHead, printLine } from './table.ts';

/** Seconds between two exports. */
const EXPORT = 10;

const files = openKernelFiles('/', systemClock);
const reference = startReference();
let sum = 0;

function rowOf(source: Source): Row {
  return {
    name: source.name,
    read() {
      const data = source.read(files.host);
      files.takeFailures();
      return data;
    },
    // The sum keeps the numbers alive: what nobody looks at, V8 would not compute.
    observe: (data) => source.observe(data, (metric, value) => (sum += (value ?? 0) + metric.length)),
    plan: () => record(source, files.host),
  };
}

/** Several sources through the agent's own runner. */
function rowOfAll(name: string, all: readonly Source[]): Row {
  const runner = createRunner(all, files, systemClock, () => {});
  return {
    name,
    read: () => (all.some(({ isTicked }) => isTicked) ? runner.readTicked() : runner.readOthers()),
    plan: () => all.flatMap((source) => record(source, files.host)),
  };
}

/** Letters of {@link Step} that read a file. */
const FILES = 'rop';

function print(name: string, { count, steps, bytes, ours, observe, c, parsed }: Result): void {
  const files = steps.filter(({ letter }) => FILES.includes(letter)).length;
  printLine({
    source: name,
    files,
    calls: steps.length - files,
    absent: steps.filter(({ isAbsent }) => isAbsent).length,
    bytes,
    readings: count,
    ours: ours.median,
    p95: ours.p95,
    observe,
    C: c.median,
    'C+parse': parsed.median,
  });
}

/** Whether anything of it is exported by default: what is read at each tick is read in any case. */
const isDefault = ({ isTicked, metrics }: Source) =>
  isTicked === true || Object.values(metrics).some(({ isOptIn }) => isOptIn !== true);

function nameOf(source: Source, isNothing: boolean): string {
  const remarks = [
    ...(isNothing ? ['nothing here'] : []),
    ...(isDefault(source) ? [] : ['opt-in']),
    ...(source.period === undefined ? [] : [`each ${source.period / 1000} s`]),
  ];
  return remarks.length === 0 ? source.name : `${source.name} (${remarks.join(', ')})`;
}

async function main(): Promise<void> {
  console.log(
    'Microseconds of one reading: medians, and the 95th percentile of ours. "calls" read no file (list, link,',
  );
  console.log('statfs, access); "absent" files and calls gave nothing; observing makes numbers of what was read.');
  printHead();
  let seldom = 0;
  for (const source of sources) {
    const row = rowOf(source);
    const result = await compare(reference, row);
    print(nameOf(source, row.read() === undefined), result);
    if (source.period !== undefined && isDefault(source)) seldom += result.ours.cpu / source.period;
  }
  const tick = sources.filter(({ isTicked }) => isTicked);
  // A source with a period of its own is read less often than there are exports.
  const rest = sources.filter((source) => isDefault(source) && !source.isTicked && source.period === undefined);
  const cost = { warm: 0, paced: 0, c: 0 };
  for (const [row, times] of [
    [rowOfAll('a whole tick', tick), 1000],
    [rowOfAll('an export, besides', rest), 1000 / EXPORT],
  ] as const) {
    const result = await compare(reference, row);
    print(row.name, result);
    const { ours, c } = await comparePaced(reference, row);
    const source = `  once in ${PACED.milliseconds} ms`;
    printLine({ source, readings: PACED.count, ours: ours.median, p95: ours.p95, C: c.median });
    cost.warm += (result.ours.cpu * times) / 1e6;
    cost.paced += (ours.cpu * times) / 1e6;
    cost.c += (c.cpu * times) / 1e6;
  }
  console.log(
    `CPU seconds per 1,000 s for reading, a tick each second and an export each ${EXPORT} s: ${cost.warm.toFixed(3)} by the warm`,
  );
  console.log(
    `lines, ${cost.paced.toFixed(3)} with pauses, C ${cost.c.toFixed(3)} with pauses; sources with a period: ${seldom.toFixed(3)} more`,
  );
  if (!Number.isFinite(sum)) throw new Error('a number that is none');
}

try {
  await main();
} finally {
  reference.close();
  files.close();
}
