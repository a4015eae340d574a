import { type Bytes, parseNumber } from '../kernel/bytes.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { directoryOf, topologyOf } from './topology.ts';

const LEVELS = ['core', 'package'] as const;

/** Numbers of one kind, each with the CPU that shows it, and what they have come to together. */
interface Sum {
  readonly byCpu: ReadonlyMap<number, number>;
  readonly total: number;
}

interface Throttled {
  readonly events: Sum;
  /** Milliseconds; without a CPU before Linux 5.6. */
  readonly time: Sum;
}

export type Throttling = Readonly<Record<(typeof LEVELS)[number], Throttled>>;

export const throttling: Source<Throttling> = defineSource({
  name: 'throttling',
  since: 'boot',
  metrics: {
    events: {
      name: 'jobmeter.host.cpu.throttles',
      kind: 'counter',
      unit: '{event}',
      value: 'int',
      description: 'How often cores and packages of the host were slowed down since they were too hot.',
      from: '/sys/devices/system/cpu/cpuN/thermal_throttle/{core,package}_throttle_count, one CPU of each (Intel)',
      attributes: { 'jobmeter.throttle.level': LEVELS },
    },
    time: {
      name: 'jobmeter.host.cpu.throttle.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description:
        'Seconds for which cores and packages of the host were slowed down since they were too hot, added up.',
      from: '/sys/devices/system/cpu/cpuN/thermal_throttle/{core,package}_throttle_total_time_ms, one CPU of each (Intel)',
      attributes: { 'jobmeter.throttle.level': LEVELS },
    },
  },
  read(host) {
    const topology = topologyOf(host);
    const cpu = topology?.cpus[0];
    if (topology === undefined || cpu === undefined || !host.exists(directory(cpu))) return undefined;
    return { core: throttled(host, topology.cores, 'core'), package: throttled(host, topology.packages, 'package') };
  },
  settle: (previous, current) => ({
    core: goesOn(previous.core, current.core),
    package: goesOn(previous.package, current.package),
  }),
  observe(levels, emit) {
    for (const level of LEVELS) {
      const { events, time } = levels[level];
      const attributes = { 'jobmeter.throttle.level': level };
      if (events.byCpu.size > 0) emit('events', events.total, attributes);
      if (time.byCpu.size > 0) emit('time', time.total / 1000, attributes);
    }
  },
});

function directory(cpu: number): string {
  return `${directoryOf(cpu)}/thermal_throttle`;
}

/** Each thread counts what happens to its core and its package for itself, so one of each is enough. */
function throttled(host: Host, cpus: readonly number[] | undefined, level: (typeof LEVELS)[number]): Throttled {
  return {
    events: sumOf(host, cpus ?? [], `${level}_throttle_count`),
    time: sumOf(host, cpus ?? [], `${level}_throttle_total_time_ms`),
  };
}

function sumOf(host: Host, cpus: readonly number[], file: string): Sum {
  const byCpu = new Map<number, number>();
  let total = 0;
  for (const cpu of cpus) {
    const value = host.readOnce(`${directory(cpu)}/${file}`, parseIfOnline);
    if (value === undefined) continue;
    byCpu.set(cpu, value);
    total += value;
  }
  return { byCpu, total };
}

/** Of a CPU that has just gone off, the kernel shows an empty file. */
function parseIfOnline(bytes: Bytes): number | undefined {
  return bytes.length === 0 ? undefined : parseNumber(bytes);
}

function goesOn(previous: Throttled, current: Throttled): Throttled {
  return { events: add(previous.events, current.events), time: add(previous.time, current.time) };
}

/**
 * What was counted before stays, also of CPUs that went off; of each CPU that is there both times, its growth is added. A
 * CPU that is new here adds nothing yet: it may only stand in for a sibling, which has counted the same.
 */
function add(previous: Sum, current: Sum): Sum {
  if (previous.byCpu.size === 0 && previous.total === 0) return current;
  let { total } = previous;
  for (const [cpu, value] of current.byCpu) total += Math.max(0, value - (previous.byCpu.get(cpu) ?? value));
  return { byCpu: current.byCpu, total };
}
