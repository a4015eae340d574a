// Running programs in tests, the built agent first of all.

import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root: string = path.resolve(import.meta.dirname, '../..');
export const agent: string = path.join(root, 'bin/jobmeter');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** For the agent in tests: no port that another test may have, and lines for a person. */
export const agentEnv: NodeJS.ProcessEnv = { OTEL_METRICS_EXPORTER: 'otlp', JOBMETER_LOG_FORMAT: 'pretty' };

/** Collects what a process prints until it ends. */
export function ended(child: ChildProcess): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.on('error', reject);
  child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  return promise;
}

export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return ended(
    spawn(program, args, { env: { ...process.env, ...agentEnv, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** Asks until the answer is there, for at most so many seconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  seconds = 30,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(20);
  }
}

/**
 * A port that is free, and that the kernel gives to nobody who asks for any: it stays free while its server is down, and
 * no client that calls there meets itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = net.createServer();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    if (await promise) return port;
  }
}
