// The built agent as a server, for tests.

import { spawn } from 'node:child_process';
import { agent, ended, type Ended, until } from '../test/support/process.ts';

export interface ServingAgent {
  readonly pid: number;
  /** Of /metrics. */
  readonly url: URL;
  /** What it has said so far. */
  log(): string;
  stop(): Promise<Ended>;
}

interface Options {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A shell command before it, in the same process. */
  readonly enter?: string;
}

export interface Cleanup {
  after(end: () => unknown): void;
}

/** node:test's own `after` runs the first one first, and none after one that fails; this is the other way round. */
export function cleanup(t: Cleanup): Cleanup {
  const ends: (() => unknown)[] = [];
  t.after(async () => {
    const errors: unknown[] = [];
    for (const end of ends.toReversed()) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors);
  });
  return { after: (end) => void ends.push(end) };
}

/** Starts the agent and finds out where it serves; it ends with the test. Without `env` it serves and sends nothing. */
export async function startAgent(t: Cleanup, { args = [], env = {}, enter = ':' }: Options): Promise<ServingAgent> {
  const port = args.includes('--http-port') ? [] : ['--http-port', '0'];
  const child = spawn('sh', ['-c', `${enter} && exec "$@"`, 'sh', agent, ...port, ...args], {
    env: { ...process.env, OTEL_METRICS_EXPORTER: 'prometheus', JOBMETER_LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const over = ended(child);
  const stop = () => {
    child.kill('SIGTERM');
    return over;
  };
  t.after(stop);
  const url = await until('the agent to serve', () => {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${log}`);
    return /"serves {2}(https?:[^"]+)"/.exec(log)?.[1];
  });
  return { pid: child.pid!, url: new URL(url), log: () => log, stop };
}
