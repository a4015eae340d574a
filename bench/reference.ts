// bench/read.c as a process that is asked for times.

import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Step } from './recorded.ts';

/** Of one reading, in microseconds. */
export interface Times {
  readonly median: number;
  readonly p95: number;
  /** Mean of the CPU time, in which no other process and no wait has a part. */
  readonly cpu: number;
}

export interface Reference {
  plan(steps: readonly Step[]): void;
  /** Reads the plan so many times, and parses every number in it. */
  read(count: number, isParsed: boolean): Promise<Times & { readonly bytes: number }>;
  /** Reads it so many times, so many milliseconds apart. */
  paced(count: number, milliseconds: number): Promise<Times>;
  close(): void;
}

export function startReference(): Reference {
  const directory = mkdtempSync(path.join(tmpdir(), 'jobmeter-bench-'));
  const program = path.join(directory, 'read');
  let child: ChildProcessByStdio<Writable, Readable, null>;
  try {
    const script = 'exec gcc -O2 -Wall -o "$1" "$2"';
    execFileSync('sh', ['-c', script, 'sh', program, path.join(import.meta.dirname, 'read.c')]);
    child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  } finally {
    // It runs by now.
    rmSync(directory, { recursive: true });
  }
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();

  async function ask(command: string): Promise<Times & { readonly bytes: number }> {
    child.stdin.write(`${command}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`bench/read.c ended at "${command}"`);
    const [median = Number.NaN, p95 = Number.NaN, cpu = Number.NaN, bytes = Number.NaN] = value.split(' ').map(Number);
    return { median: median / 1000, p95: p95 / 1000, cpu: cpu / 1000, bytes };
  }

  return {
    plan: (steps) =>
      void child.stdin.write(['plan', ...steps.map(({ letter, path }) => letter + path), '.', ''].join('\n')),
    read: (count, isParsed) => ask(`read ${count} ${isParsed ? 1 : 0}`),
    paced: (count, milliseconds) => ask(`paced ${count} ${milliseconds}`),
    close: () => void child.stdin.end(),
  };
}
