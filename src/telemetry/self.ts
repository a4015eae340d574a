import { defineMetrics, type Metric, type MetricSet } from '../../instrumentation/source.ts';
import type { SourceStats } from '../runner.ts';
import type { TickStats } from '../sampler.ts';

/** What the agent says of itself. */
export interface Self {
  readonly cpu: { readonly user: number; readonly system: number };
  /** Bytes. */
  readonly rss: number | undefined;
  readonly ticks: TickStats;
  readonly sources: readonly SourceStats[];
}

const TICK_STATES = { onTime: 'on_time', late: 'late', missed: 'missed', suspended: 'suspended' } as const;

export const self: MetricSet<Self> = defineMetrics({
  name: 'agent',
  since: 'agent',
  metrics: {
    cpu: {
      name: 'jobmeter.agent.cpu.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'CPU time of the agent itself, without the processes that ask network file systems for their sizes.',
      from: 'getrusage(2)',
      attributes: { 'cpu.mode': ['user', 'system'] },
    },
    memory: {
      name: 'jobmeter.agent.memory.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Resident memory of the agent itself, most of it pages of the Node binary that the kernel can drop.',
      from: '/proc/self/stat, rss',
    },
    ticks: {
      name: 'jobmeter.agent.tick.count',
      kind: 'counter',
      unit: '{tick}',
      value: 'int',
      description:
        'Ticks of the sampler: taken on time, taken more than a tenth of an interval late, missed since the agent did not run, or passed while the machine was suspended.',
      from: 'monotonic clock; suspended: growth of /proc/uptime beyond it',
      attributes: { 'jobmeter.tick.state': Object.values(TICK_STATES) },
    },
    sourceTime: {
      name: 'jobmeter.agent.source.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Time that reading a source took, of those that this machine has.',
      from: 'monotonic clock',
      attributes: { 'jobmeter.source': 'string' },
    },
    sourceErrors: {
      name: 'jobmeter.agent.source.errors',
      kind: 'counter',
      unit: '{error}',
      value: 'int',
      description: 'Files of a source that could not be read or understood. What is not there is no error.',
      from: 'errno of the read, "parse" where the text is not what the kernel writes, "size" above 16 MiB',
      attributes: { 'jobmeter.source': 'string', 'error.type': 'string' },
    },
  },
  observe({ cpu, rss, ticks, sources }, emit) {
    emit('cpu', cpu.user, { 'cpu.mode': 'user' });
    emit('cpu', cpu.system, { 'cpu.mode': 'system' });
    emit('memory', rss);
    for (const [key, state] of Object.entries(TICK_STATES) as [
      keyof TickStats,
      (typeof TICK_STATES)[keyof TickStats],
    ][]) {
      emit('ticks', ticks[key], { 'jobmeter.tick.state': state });
    }
    for (const { source, seconds, isHere, errors } of sources) {
      if (isHere) emit('sourceTime', seconds, { 'jobmeter.source': source });
      for (const [type, count] of errors)
        emit('sourceErrors', count, { 'jobmeter.source': source, 'error.type': type });
    }
  },
});

/** What the kernel says of this process; what it does not say is left out. */
export function readSelf(ticks: TickStats, sources: readonly SourceStats[]): Self {
  const { user, system } = process.cpuUsage();
  return { cpu: { user: user / 1e6, system: system / 1e6 }, rss: readRss(), ticks, sources };
}

function readRss(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    // Without /proc, or without a descriptor for it.
    return undefined;
  }
}

/** Seconds. */
const DURATIONS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60];

/** Recorded at every tick. */
export const tickHistograms: Readonly<Record<'duration' | 'lateness', Metric>> = {
  duration: {
    name: 'jobmeter.agent.tick.duration',
    kind: 'histogram',
    unit: 's',
    value: 'double',
    description: 'How long it took to read the sources that are read at every tick.',
    from: 'monotonic clock',
    boundaries: DURATIONS,
  },
  lateness: {
    name: 'jobmeter.agent.tick.lateness',
    kind: 'histogram',
    unit: 's',
    value: 'double',
    description: 'How long after its time a tick was taken.',
    from: 'monotonic clock',
    boundaries: DURATIONS,
  },
};
