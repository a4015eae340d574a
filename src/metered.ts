// The metered scope: for CPU and for memory each, the narrowest thing at hand whose use is known (the container, else
// the host), with the limit that really holds it. Every value here is derived from samples by pure functions.

import { container } from '../instrumentation/cgroup/container.ts';
import {
  CPU_LIMIT_SOURCES,
  type CpuLimit,
  type Limit,
  MEMORY_LIMIT_SOURCES,
  type MemoryLimit,
} from '../instrumentation/cgroup/limits.ts';
import { busySeconds, cpu } from '../instrumentation/host/cpu.ts';
import { memory } from '../instrumentation/host/memory.ts';
import { defineMetrics, type Metric, type MetricSet } from '../instrumentation/source.ts';
import { type ConfiguredLimits, cpuLimit, type Limited, memoryLimit, type Scope, SCOPES } from './limits.ts';
import { readingOf, type Sample } from './sampler.ts';

/** Use of one resource at one tick, in CPUs or bytes. */
export interface Use {
  readonly scope: Scope;
  readonly value: number;
}

/** What one tick says of the metered scope. */
export interface MeteredTick {
  readonly slot: number;
  readonly cpu?: Use | undefined;
  readonly memory?: Use | undefined;
  /** The most bytes that were charged to the container since the tick before. */
  readonly memoryPeak?: number | undefined;
}

/** The ticks of an interval and the limits at its end. */
export interface Metered {
  readonly ticks: readonly MeteredTick[];
  readonly cpuLimit?: Limited<CpuLimit> | undefined;
  readonly memoryLimit?: Limited<MemoryLimit> | undefined;
}

/** CPUs in use between two samples: seconds of CPU time a second. Undefined where it is not known, or went back. */
export function cpuUse(previous: Sample | undefined, current: Sample): Use | undefined {
  const before = cpuTime(previous);
  const now = cpuTime(current);
  if (before === undefined || now === undefined || before.of !== now.of) return undefined;
  const value = (now.seconds - before.seconds) / ((now.at - before.at) / 1000);
  return Number.isFinite(value) && value >= 0 ? { scope: now.scope, value } : undefined;
}

interface CpuTime {
  readonly scope: Scope;
  /** Whose time it is: another cgroup's cannot be subtracted from it. */
  readonly of: string;
  readonly seconds: number;
  readonly at: number;
}

function cpuTime(sample: Sample | undefined): CpuTime | undefined {
  const own = readingOf(sample, container);
  if (own?.snapshot.cpu !== undefined) {
    const { path, usage } = own.snapshot.cpu;
    return usage === undefined ? undefined : { scope: 'container', of: path, seconds: usage, at: own.at };
  }
  const host = readingOf(sample, cpu);
  return host && { scope: 'host', of: 'host', seconds: busySeconds(host.snapshot.time), at: host.at };
}

/** Bytes that cannot be had back for the asking: the working set of the container, total less available of the host. */
export function memoryUse(sample: Sample): Use | undefined {
  const own = readingOf(sample, container)?.snapshot.memory;
  if (own !== undefined)
    return own.workingSet === undefined ? undefined : { scope: 'container', value: own.workingSet };
  const host = readingOf(sample, memory)?.snapshot;
  if (host?.total === undefined || host.available === undefined) return undefined;
  return { scope: 'host', value: host.total - host.available };
}

export const STATISTICS = ['min', 'mean', 'median', 'p95', 'max'] as const;
type Statistics = Readonly<Record<(typeof STATISTICS)[number], number>>;

/** Exact statistics; p95 is the smallest value that at least 95 % of them do not exceed. Undefined of nothing. */
export function statistics(values: readonly number[]): Statistics | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    min: sorted[0]!,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1]!,
    max: sorted.at(-1)!,
  };
}

/** What the ticks say of one resource; where the scope changed in between, those of the last one. */
export function usesOf(ticks: readonly MeteredTick[], resource: 'cpu' | 'memory'): readonly Use[] {
  const uses = ticks.flatMap((tick) => tick[resource] ?? []);
  return uses.filter(({ scope }) => scope === uses.at(-1)!.scope);
}

/** The highest of what is known; undefined where nothing is. */
function peakOf(ticks: readonly MeteredTick[]): number | undefined {
  const peaks = ticks.flatMap(({ memoryPeak }) => memoryPeak ?? []);
  return peaks.length === 0 ? undefined : peaks.reduce((most, peak) => Math.max(most, peak));
}

function attributesOf<S extends Limit['source']>({
  scope,
  limit,
}: Limited<Limit<S>>): {
  'jobmeter.scope': Scope;
  'jobmeter.limit.source': S;
} {
  return { 'jobmeter.scope': scope, 'jobmeter.limit.source': limit.source };
}

const statistic = { 'jobmeter.scope': SCOPES, 'jobmeter.statistic': STATISTICS } as const;

export const metered: MetricSet<Metered> = defineMetrics({
  name: 'metered',
  since: 'unknown',
  metrics: {
    cpu: {
      name: 'jobmeter.cpu.usage',
      kind: 'gauge',
      unit: '{cpu}',
      value: 'double',
      description: 'CPUs in use by the metered scope, tick by tick, over the last export interval.',
      from: 'container: CPU time (v2 usage_usec, v1 cpuacct.usage); host: user + nice + system + interrupt; per second',
      attributes: statistic,
    },
    cpuLimit: {
      name: 'jobmeter.cpu.limit',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'double',
      description: 'CPUs that the metered scope can use at most.',
      from: 'the least of: CPUs online; for a container also quotas of the cgroup and its visible ancestors, its effective cpuset, the ECS task, Slurm, JOBMETER_LIMITS_CPU',
      attributes: { 'jobmeter.scope': SCOPES, 'jobmeter.limit.source': CPU_LIMIT_SOURCES },
    },
    memory: {
      name: 'jobmeter.memory.usage',
      kind: 'gauge',
      unit: 'By',
      value: 'int',
      description: 'Memory in use by the metered scope, tick by tick, over the last export interval.',
      from: 'container: working set; host: MemTotal less MemAvailable',
      attributes: statistic,
    },
    memoryLimit: {
      name: 'jobmeter.memory.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory that the metered scope can use at most.',
      from: 'the least of: MemTotal; for a container also limits of the cgroup and its ancestors, the ECS task and container, Slurm, JOBMETER_LIMITS_MEMORY',
      attributes: { 'jobmeter.scope': SCOPES, 'jobmeter.limit.source': MEMORY_LIMIT_SOURCES },
    },
    memoryPeak: {
      name: 'jobmeter.memory.peak',
      kind: 'gauge',
      unit: 'By',
      value: 'int',
      description:
        'The most memory that was charged to the container during the last export interval, also between ticks. Page cache is in it, as in container.memory.usage; the working set is less.',
      from: 'v2 memory.peak, reset at every tick; absent before Linux 6.12, with v1, and where files of cgroups cannot be written',
      attributes: { 'jobmeter.scope': ['container'] },
    },
  },
  observe({ ticks, ...limits }, emit) {
    for (const resource of ['cpu', 'memory'] as const) {
      const uses = usesOf(ticks, resource);
      const exact = statistics(uses.map(({ value }) => value));
      if (exact === undefined) continue;
      const { scope } = uses[0]!;
      for (const name of STATISTICS)
        emit(resource, exact[name], { 'jobmeter.scope': scope, 'jobmeter.statistic': name });
    }
    const { cpuLimit, memoryLimit } = limits;
    if (cpuLimit) emit('cpuLimit', cpuLimit.limit.value, attributesOf(cpuLimit));
    if (memoryLimit) emit('memoryLimit', memoryLimit.limit.value, attributesOf(memoryLimit));
    emit('memoryPeak', peakOf(ticks), { 'jobmeter.scope': 'container' });
  },
});

/** Recorded at every tick into exponential histograms, whose differences give any percentile of any period. */
export const distributions: Readonly<Record<'cpu' | 'memory', Metric>> = {
  cpu: {
    name: 'jobmeter.cpu.usage.distribution',
    kind: 'histogram',
    unit: '{cpu}',
    value: 'double',
    description: 'CPUs in use by the metered scope at each tick.',
    from: 'as jobmeter.cpu.usage',
    attributes: { 'jobmeter.scope': SCOPES },
    boundaries: halfSteps(2 ** -7, 2 ** 9),
  },
  memory: {
    name: 'jobmeter.memory.usage.distribution',
    kind: 'histogram',
    unit: 'By',
    value: 'int',
    description: 'Memory in use by the metered scope at each tick.',
    from: 'as jobmeter.memory.usage',
    attributes: { 'jobmeter.scope': SCOPES },
    boundaries: halfSteps(2 ** 20, 2 ** 43),
  },
};

/** 1, 1.5, 2, 3, 4, 6, …: from one power of two to another, with the middle of each octave. */
function halfSteps(least: number, most: number): readonly number[] {
  const octaves = Array.from({ length: Math.log2(most / least) }, (_, n) => least * 2 ** n);
  return [...octaves.flatMap((step) => [step, step * 1.5]), most];
}

/** However late an export is, no more ticks than this, or twice those of an interval, are kept for it. */
const MOST_TICKS = 3600;

/**
 * Follows the metered scope from tick to tick and keeps the ticks of the last interval. `ticksKept` is the interval in
 * ticks; {@link Follower.metered} looks back that far, or to the last call of `close`, whichever is longer ago, so that
 * no tick falls between two exports.
 */
export interface Follower {
  add(sample: Sample): MeteredTick;
  metered(): Metered;
  close(): void;
}

export function followMetered(ticksKept: number, interval: number, configured: ConfiguredLimits = {}): Follower {
  let ticks: MeteredTick[] = [];
  let newest: Sample | undefined;
  let base: Sample | undefined;
  let closed: number | undefined;
  const mostTicks = Math.max(MOST_TICKS, 2 * ticksKept);

  /** A span much shorter than a tick gives no rate: the kernel counts CPU time in steps of up to 10 ms. */
  function longEnough(sample: Sample): boolean {
    const from = cpuTime(base)?.at;
    const to = cpuTime(sample)?.at;
    return from === undefined || to === undefined || to - from >= interval / 2;
  }

  return {
    add(sample) {
      const isRate = longEnough(sample);
      const tick = {
        slot: sample.slot,
        cpu: isRate ? cpuUse(base, sample) : undefined,
        memory: memoryUse(sample),
        memoryPeak: readingOf(sample, container)?.snapshot.memory?.tickPeak,
      };
      // Over a sample without CPU time the next rate reaches back to the last one with it.
      if (isRate && cpuTime(sample) !== undefined) base = sample;
      newest = sample;
      ticks.push(tick);
      const oldest = Math.max(Math.min(closed ?? Infinity, sample.slot - ticksKept), sample.slot - mostTicks);
      ticks = ticks.filter(({ slot }) => slot > oldest);
      return tick;
    },
    metered: () => ({
      ticks,
      cpuLimit: newest && cpuLimit(newest, configured.cpu),
      memoryLimit: newest && memoryLimit(newest, configured.memory),
    }),
    close() {
      closed = newest?.slot;
    },
  };
}
