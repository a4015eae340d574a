// What other programs say of this machine, and what the agent says in between.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { agent, ended, freePort, run, until } from '../test/support/process.ts';
import { type FlatPoint, parseRequest, points } from '../test/support/otlp.ts';
import { startReceiver } from '../test/support/receiver.ts';
import type { Cleanup } from './agents.ts';

/** Samples of a Prometheus page, by `name{labels}`. */
export type Page = ReadonlyMap<string, number>;

export function parsePage(text: string): Page {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Of all series that a pattern fits; it has to fit one. */
export function sumOf(page: Page, pattern: RegExp): number {
  const found = [...page].filter(([series]) => pattern.test(series));
  if (found.length === 0) throw new Error(`no series fits ${String(pattern)}`);
  return found.reduce((sum, [, value]) => sum + value, 0);
}

/** node_exporter with these collectors alone; what it returns scrapes it. */
export async function startNodeExporter(t: Cleanup, ...collectors: readonly string[]): Promise<() => Promise<Page>> {
  const port = await freePort();
  const flags = ['--collector.disable-defaults', ...collectors.map((name) => `--collector.${name}`)];
  const child = spawn('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`, ...flags], {
    stdio: 'ignore',
  });
  const over = ended(child);
  t.after(async () => {
    child.kill('SIGTERM');
    await over;
  });
  const scrape = async () => parsePage(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
  await until('node_exporter', () => scrape().catch(() => undefined));
  return scrape;
}

/** What a program prints; it has to end well. */
export async function says(program: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { LC_ALL: 'C', S_TIME_FORMAT: 'ISO' });
  if (code !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

type Pairs = Readonly<Record<string, string | number>>;

/** One export of the agent. */
export interface Ours {
  readonly points: readonly FlatPoint[];
  /** The one point of a metric that has these attributes. Fails where there is none, or more than one. */
  value(name: string, attributes?: Pairs): number;
  /** The value of every point of a metric, by its attributes as `key=value,…`. */
  all(name: string): ReadonlyMap<string, number>;
}

export function oursOf(flat: readonly FlatPoint[]): Ours {
  const attributesOf = ({ series, name }: FlatPoint) => series.slice(name.length + 1, -1);
  const all = (name: string) =>
    new Map(flat.filter((point) => point.name === name).map((point) => [attributesOf(point), point.value]));
  return {
    points: flat,
    all,
    value(name, attributes = {}) {
      const wanted = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
      const found = [...all(name)].filter(([text]) => wanted.every((pair) => text.split(',').includes(pair)));
      // Not an AssertionError: asking anew does not help.
      if (found.length !== 1) throw new Error(`${found.length} points of ${name} with ${JSON.stringify(attributes)}`);
      return found[0]![1];
    },
  };
}

/** Runs the agent once, all of it within the call, and returns what it exported. */
export async function readOnce(...args: readonly string[]): Promise<Ours> {
  const ends: (() => void)[] = [];
  try {
    const receiver = await startReceiver({ after: (end) => void ends.push(end) }, () => ({}));
    const { code, stderr } = await run(agent, ['--once', '--interval', '100ms', ...args], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
    });
    if (code !== 0) throw new Error(stderr);
    return oursOf(points(parseRequest(receiver.requests.at(-1)!.body)));
  } finally {
    for (const end of ends) end();
  }
}

interface Bracket<T> {
  readonly before: T;
  readonly ours: Ours;
  readonly after: T;
}

/** Theirs, ours, theirs again. */
export async function bracket<T>(theirs: () => Promise<T>, ...args: readonly string[]): Promise<Bracket<T>> {
  const before = await theirs();
  const ours = await readOnce(...args);
  return { before, ours, after: await theirs() };
}

/** Of what only grows: not less than they said before, not more than they said after. `slack` is what they round by. */
export function between(what: string, ours: number, before: number, after: number, slack = 0): void {
  assert.ok(
    ours >= before - slack && ours <= after + slack,
    `${what}: ${ours} is not between ${before} and ${after} (${slack} for rounding)`,
  );
}

/** Of what goes up and down: between the two, whichever is the larger one. */
export function near(what: string, ours: number, one: number, other: number, slack: number): void {
  between(what, ours, Math.min(one, other), Math.max(one, other), slack);
}

/**
 * What goes up and down may have done so between their readings and ours, so they are taken anew until they agree. A
 * number that is wrong does not come right by that.
 */
export async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await check();
    } catch (error) {
      if (attempt === 20 || !(error instanceof assert.AssertionError)) throw error;
      await sleep(attempt * 20);
    }
  }
}

/** The numbers of a text, each with the words after it, as `vmstat --stats` prints them. */
export function numbersByWords(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/^ *(\d+) (.+)$/gm)].map(([, number, words]) => [words!, Number(number)]));
}

/** A number that has to be there. */
export function the(numbers: ReadonlyMap<string, number>, name: string): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`they do not say ${name}`);
  return number;
}
