// Times of our reading and of C's.

import { setTimeout as sleep } from 'node:timers/promises';
import { statistics } from '../src/metered.ts';
import type { Step } from './recorded.ts';
import type { Reference, Times } from './reference.ts';

const READINGS = 2000;
const ROUNDS = 4;
/** A dear source is read less often, so that all of it ends within a minute: milliseconds for each side of a row. */
const BUDGET = 1200;
export const PACED = { count: 50, milliseconds: 40 } as const;

/** One line of the table: what we do once, and the plan by which C does the same. */
export interface Row {
  readonly name: string;
  readonly read: () => unknown;
  /** Turns what was read into numbers; the agent does it for exports alone. */
  readonly observe?: (data: unknown) => void;
  readonly plan: () => readonly Step[];
}

export interface Result {
  readonly count: number;
  readonly steps: readonly Step[];
  readonly bytes: number;
  readonly ours: Times;
  readonly observe: number | undefined;
  readonly c: Times;
  readonly parsed: Times;
}

function timesOf(durations: readonly number[], cpu: number): Times {
  const { median, p95 } = statistics(durations)!;
  return { median: median * 1000, p95: p95 * 1000, cpu: cpu / durations.length };
}

/** Reads so many times; microseconds of one reading. */
function measure({ read }: Row, count: number): Times {
  const durations = Array.from({ length: count }, () => 0);
  const before = process.cpuUsage();
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    read();
    durations[n] = performance.now() - start;
  }
  const { user, system } = process.cpuUsage(before);
  return timesOf(durations, user + system);
}

function measureObserve({ read, observe }: Row, count: number): number | undefined {
  const data = read();
  if (observe === undefined || data === undefined) return undefined;
  const durations = Array.from({ length: count }, () => {
    const start = performance.now();
    observe(data);
    return performance.now() - start;
  });
  return statistics(durations)!.median * 1000;
}

/** The middle of what the rounds say. */
function middle(rounds: readonly Times[]): Times {
  const of = (key: keyof Times) => statistics(rounds.map((round) => round[key]))!.median;
  return { median: of('median'), p95: of('p95'), cpu: of('cpu') };
}

/** Both sides in turns, so that each is measured all the time that the other is. */
export async function compare(reference: Reference, row: Row): Promise<Result> {
  const began = performance.now();
  let warm = 0;
  while (warm < READINGS && performance.now() - began < BUDGET / 4) for (let n = 0; n < 10; n++, warm++) row.read();
  const each = (performance.now() - began) / warm;
  const count = Math.min(READINGS / ROUNDS, Math.max(10, Math.ceil(BUDGET / each / ROUNDS)));
  measureObserve(row, count);
  const [ours, c, parsed, observe] = [[] as Times[], [] as Times[], [] as Times[], [] as number[]];
  let steps: readonly Step[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    steps = row.plan();
    reference.plan(steps);
    await reference.read(10, true);
    ours.push(measure(row, count));
    const read = await reference.read(count, false);
    ({ bytes } = read);
    c.push(read);
    parsed.push(await reference.read(count, true));
    const observed = measureObserve(row, count);
    if (observed !== undefined) observe.push(observed);
  }
  return {
    count: count * ROUNDS,
    steps,
    bytes,
    ours: middle(ours),
    observe: statistics(observe)?.median,
    c: middle(c),
    parsed: middle(parsed),
  };
}

/** Once in a while, as the agent does it, in which time the caches are lost. */
export async function comparePaced(
  reference: Reference,
  row: Row,
): Promise<{ readonly ours: Times; readonly c: Times }> {
  const { count, milliseconds } = PACED;
  const durations: number[] = [];
  let cpu = 0;
  for (let n = 0; n < count; n++) {
    await sleep(milliseconds);
    const before = process.cpuUsage();
    const start = performance.now();
    row.read();
    durations.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
  }
  reference.plan(row.plan());
  await reference.read(10, false);
  return { ours: timesOf(durations, cpu), c: await reference.paced(count, milliseconds) };
}
