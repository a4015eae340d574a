import { type CpuTimes, type LogicalCpu, parseStat, parseStatByCpu, type Stat } from '../kernel/stat.ts';
import { defineSource, type Source } from '../source.ts';

const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'steal'] as const;

type PartialTimes = Partial<CpuTimes>;

/** A CPU as it is exported: what it lost by going offline is in its times. */
interface CountedCpu extends LogicalCpu {
  readonly lost?: PartialTimes;
}

export interface CpuStat extends Stat {
  readonly cpus?: readonly CountedCpu[];
  /** CPUs that were online before, as they were last seen. */
  readonly offline?: readonly CountedCpu[];
}

export const cpu: Source<CpuStat> = defineSource({
  name: 'cpu',
  since: 'boot',
  isTicked: true,
  metrics: {
    time: {
      name: 'system.cpu.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Seconds that the CPUs of the host spent in each mode, added up.',
      from: '/proc/stat, line cpu (with cpu.logical_number: lines cpuN; USER_HZ = 100); interrupt = irq + softirq',
      attributes: { 'cpu.mode': MODES },
      optInAttributes: { 'cpu.logical_number': 'int' },
    },
    count: {
      name: 'system.cpu.logical.count',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'int',
      description: 'Logical CPUs of the host that are online.',
      from: '/proc/stat, lines cpuN',
    },
    created: {
      name: 'system.process.created',
      kind: 'counter',
      unit: '{process}',
      value: 'int',
      description: 'Processes and threads that were started on the host.',
      from: '/proc/stat, line processes, which counts each fork and clone',
    },
    switches: {
      name: 'jobmeter.host.context_switches',
      kind: 'counter',
      unit: '{context_switch}',
      value: 'int',
      description: 'Context switches on all CPUs of the host.',
      from: '/proc/stat, line ctxt',
    },
  },
  read: (host) => host.read('/proc/stat', host.wants('cpu.logical_number') ? parseStatByCpu : parseStat),
  settle(previous, current) {
    const time = neverBack(previous.time, current.time);
    return { ...current, time, ...(current.cpus && byNumber(previous, current.cpus)) };
  },
  observe({ time, cpus, count, created, switches }, emit) {
    if (cpus === undefined) {
      for (const mode of MODES) emit('time', time[mode], { 'cpu.mode': mode });
    }
    for (const { number, time: own } of cpus ?? []) {
      for (const mode of MODES) emit('time', own[mode], { 'cpu.mode': mode, 'cpu.logical_number': number });
    }
    emit('count', count);
    emit('created', created);
    emit('switches', switches);
  },
});

/** Seconds in which a CPU did work: neither idle, nor waiting for a disk, nor taken away by the hypervisor. */
export function busySeconds(time: CpuTimes): number {
  return time.user + time.nice + time.system + (time.interrupt ?? 0);
}

/** Seconds. What goes back by less is the kernel's inaccuracy. */
const LITTLE = 5;

/**
 * `current`, with no mode below `previous`. The kernel lets iowait and idle go back a little (proc_stat(5)), and what
 * counts must not; a machine that was really restarted goes back by more than this and is left as it is.
 */
function neverBack(previous: CpuTimes, current: CpuTimes): CpuTimes {
  const kept: { -readonly [M in keyof CpuTimes]: CpuTimes[M] } = { ...current };
  for (const mode of MODES) {
    const before = previous[mode];
    const now = current[mode];
    if (before !== undefined && now !== undefined && now < before && before - now < LITTLE) kept[mode] = before;
  }
  return kept;
}

/** Each CPU after the one of the same number, whether that was online at the last reading or long before. */
function byNumber(previous: CpuStat, current: readonly LogicalCpu[]): Pick<CpuStat, 'cpus' | 'offline'> {
  const before = new Map<number, CountedCpu>();
  for (const seen of previous.offline ?? []) before.set(seen.number, seen);
  for (const seen of previous.cpus ?? []) before.set(seen.number, seen);
  const cpus: CountedCpu[] = [];
  for (const now of current) {
    const last = before.get(now.number);
    cpus.push(last === undefined ? now : after(last, now));
    before.delete(now.number);
  }
  return { cpus, offline: [...before.values()] };
}

/**
 * One CPU, with no mode below what it was. Idle and iowait of a CPU that was offline can begin at zero again (before the
 * kernel kept them over that): they go on from where they were.
 */
function after(last: CountedCpu, now: LogicalCpu): CountedCpu {
  const time: { -readonly [M in keyof CpuTimes]: CpuTimes[M] } = { ...now.time };
  let { lost } = last;
  for (const mode of MODES) {
    const before = last.time[mode];
    const raw = now.time[mode];
    if (before === undefined || raw === undefined) continue;
    const value = raw + (lost?.[mode] ?? 0);
    if (before - value >= LITTLE) lost = { ...lost, [mode]: before - raw };
    time[mode] = Math.max(before, value);
  }
  return { number: now.number, time, ...(lost && { lost }) };
}
