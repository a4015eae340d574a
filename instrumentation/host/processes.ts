import { parseNumber } from '../kernel/bytes.ts';
import { parseProcessState } from '../kernel/process-state.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { showsHost } from './initial-namespace.ts';

const STATES = ['running', 'sleeping', 'stopped', 'defunct'] as const;

type State = (typeof STATES)[number];

/** Processes. More of them would hold up everything else for a fifth of a second, where the machine is busy. */
export const MOST_PROCESSES = 2500;

export interface Processes {
  /** Absent where not all could be seen. */
  readonly counts?: Readonly<Record<State, number>> | undefined;
  readonly limit?: number | undefined;
}

export const processes: Source<Processes> = defineSource({
  name: 'processes',
  since: 'unknown',
  // About 20 microseconds a process, nearly all of them the kernel's, and 70 where the machine is busy.
  period: 60_000,
  metrics: {
    count: {
      name: 'system.process.count',
      kind: 'updowncounter',
      unit: '{process}',
      value: 'int',
      description: `Processes of the host by what they do, at most every minute; absent in a container, where not all can be seen, and above ${MOST_PROCESSES}.`,
      from: '/proc/PID/stat, third field: running = R, stopped = T and t, defunct = Z and X, sleeping = others',
      attributes: { 'process.state': STATES },
    },
    limit: {
      name: 'system.process.limit',
      kind: 'updowncounter',
      unit: '{thread}',
      value: 'int',
      description: 'Threads that the host may have at once, those of all processes together.',
      from: 'the smaller one of /proc/sys/kernel/pid_max and /proc/sys/kernel/threads-max',
    },
  },
  read: (host) => (showsHost(host) ? { counts: sweep(host), limit: limitOf(host) } : undefined),
  observe({ counts, limit }, emit) {
    if (counts !== undefined) for (const state of STATES) emit('count', counts[state], { 'process.state': state });
    emit('limit', limit);
  },
});

/** All others sleep: S, D, I (a kernel thread without work), and K and P of some kernels. */
const STATE_OF: ReadonlyMap<string, State> = new Map([
  ['R', 'running'],
  ['W', 'running'],
  ['T', 'stopped'],
  ['t', 'stopped'],
  ['Z', 'defunct'],
  ['X', 'defunct'],
  ['x', 'defunct'],
]);

/** Who ends meanwhile is left out. Where another cannot be read (no descriptors are left), the sum would be too small. */
function sweep(host: Host): Readonly<Record<State, number>> | undefined {
  const counts = { running: 0, sleeping: 0, stopped: 0, defunct: 0 };
  let sum = 0;
  const pids = host.list('/proc')?.filter((name) => /^\d+$/.test(name)) ?? [];
  if (pids.length > MOST_PROCESSES) return undefined;
  for (const pid of pids) {
    const file = `/proc/${pid}/stat`;
    const letter = host.readOnce(file, parseProcessState);
    if (letter === undefined) {
      if (host.exists(file)) return undefined;
      continue;
    }
    counts[STATE_OF.get(letter) ?? 'sleeping']++;
    sum++;
  }
  return sum > 0 ? counts : undefined;
}

/** Each thread has a PID of its own. Of a PID namespace this would be the namespace's own limit (since Linux 6.14). */
function limitOf(host: Host): number | undefined {
  const pids = host.readOnce('/proc/sys/kernel/pid_max', parseNumber);
  const threads = host.readOnce('/proc/sys/kernel/threads-max', parseNumber);
  return pids === undefined || threads === undefined ? undefined : Math.min(pids, threads);
}
