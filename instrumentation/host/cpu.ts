import { type CpuTimes, parseStat, type Stat } from '../kernel/stat.ts';
import { defineSource, type Source } from '../source.ts';

const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'interrupt', 'steal'] as const;

export const cpu: Source<Stat> = defineSource({
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
      from: '/proc/stat, line cpu (USER_HZ = 100); interrupt = irq + softirq',
      attributes: { 'cpu.mode': MODES },
    },
    count: {
      name: 'system.cpu.logical.count',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'int',
      description: 'Logical CPUs of the host that are online.',
      from: '/proc/stat, lines cpuN',
    },
  },
  read: (host) => host.read('/proc/stat', parseStat),
  settle: (previous, current) => ({ ...current, time: neverBack(previous.time, current.time) }),
  observe({ time, count }, emit) {
    for (const mode of MODES) emit('time', time[mode], { 'cpu.mode': mode });
    emit('count', count);
  },
});

/** Seconds in which a CPU did work: neither idle, nor waiting for a disk, nor taken away by the hypervisor. */
export function busySeconds(time: CpuTimes): number {
  return time.user + time.nice + time.system + (time.interrupt ?? 0);
}

/**
 * `current`, with no mode below `previous`. The kernel lets iowait and idle go back a little (proc_stat(5)), and what
 * counts must not; a machine that was really restarted goes back by more than this and is left as it is.
 */
function neverBack(previous: CpuTimes, current: CpuTimes): CpuTimes {
  const kept: { -readonly [M in keyof CpuTimes]: CpuTimes[M] } = { ...current };
  for (const mode of MODES) {
    const before = previous[mode];
    const now = current[mode];
    if (before !== undefined && now !== undefined && now < before && before - now < 5) kept[mode] = before;
  }
  return kept;
}
