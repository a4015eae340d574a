import { parseNumber } from '../kernel/bytes.ts';
import { parseRelease } from '../kernel/release.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { directoryOf, topologyOf } from './topology.ts';

interface Clock {
  readonly cpu: number;
  readonly hertz: number;
}

export interface Frequency {
  readonly cores?: number | undefined;
  /** Of the CPUs that tell. */
  readonly clocks: readonly Clock[];
  readonly isByCpu: boolean;
}

export const frequency: Source<Frequency> = defineSource({
  name: 'frequency',
  since: 'unknown',
  // One file for each CPU.
  period: 10_000,
  metrics: {
    frequency: {
      name: 'system.cpu.frequency',
      kind: 'gauge',
      unit: 'Hz',
      value: 'int',
      description: 'Frequency at which the CPUs of the host run, the mean of those that tell.',
      from: '/sys/devices/system/cpu/cpuN/cpufreq/scaling_cur_freq, Linux 5.19 and later',
      optInAttributes: { 'cpu.logical_number': 'int' },
    },
    cores: {
      name: 'system.cpu.physical.count',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'int',
      description: 'Cores of the host with a CPU that is online.',
      from: '/sys/devices/system/cpu/cpuN/topology/thread_siblings_list, those that differ',
    },
  },
  read(host) {
    const topology = topologyOf(host);
    if (topology === undefined) return undefined;
    const { cpus, cores } = topology;
    return { cores: cores?.length, clocks: clocksOf(host, cpus), isByCpu: host.wants('cpu.logical_number') };
  },
  observe({ cores, clocks, isByCpu }, emit) {
    emit('cores', cores);
    if (isByCpu) {
      for (const { cpu, hertz } of clocks) emit('frequency', hertz, { 'cpu.logical_number': cpu });
    } else if (clocks.length > 0) {
      emit('frequency', clocks.reduce((sum, { hertz }) => sum + hertz, 0) / clocks.length);
    }
  },
});

/**
 * Nothing is read before Linux 5.19: there each read on x86 interrupts the CPU and then sleeps 10 to 20 ms, seconds on a
 * large machine. Since then the kernel shows what the scheduler's tick has measured. "cpu MHz" of /proc/cpuinfo is no way
 * round it: without cpufreq, as in most virtual machines, that is the nominal frequency.
 */
function clocksOf(host: Host, cpus: readonly number[]): readonly Clock[] {
  if (cpus[0] === undefined || !host.exists(`${directoryOf(cpus[0])}/cpufreq`)) return [];
  const release = host.read('/proc/sys/kernel/osrelease', parseRelease);
  if (release === undefined || release.version < 5 || (release.version === 5 && release.patchLevel < 19)) return [];
  return cpus.flatMap((cpu) => {
    const kilohertz = host.readOnce(`${directoryOf(cpu)}/cpufreq/scaling_cur_freq`, parseNumber);
    // Some drivers say 0 for what they do not know.
    return kilohertz === undefined || kilohertz === 0 ? [] : { cpu, hertz: kilohertz * 1000 };
  });
}
