// The metered scope: for CPU and for memory each, the narrowest thing at hand whose use is known (the container, else
// the host), with the limit that really holds it. Every value here is derived from samples by pure functions.

import { container } from '../instrumentation/cgroup/container.ts';
import { type Limit, type Limits, tightest } from '../instrumentation/cgroup/limits.ts';
import { busySeconds, cpu } from '../instrumentation/host/cpu.ts';
import { memory } from '../instrumentation/host/memory.ts';
import { defineMetrics, type Metric, type MetricSet } from '../instrumentation/source.ts';
import { readingOf, type Sample } from './sampler.ts';

export const SCOPES = ['container', 'host'] as const;
export type Scope = (typeof SCOPES)[number];

/** Use of one resource at one tick, in CPUs or bytes. */
export interface Use {
  readonly scope: Scope;
  readonly value: number;
}

export interface Limited {
  readonly scope: Scope;
  readonly limit: Limit;
}

/** What one tick says of the metered scope. */
export interface MeteredTick {
  readonly slot: number;
  readonly cpu?: Use | undefined;
  readonly memory?: Use | undefined;
}

/** The ticks of an interval and the limits at its end. */
export interface Metered {
  readonly ticks: readonly MeteredTick[];
  readonly cpuLimit?: Limited | undefined;
  readonly memoryLimit?: Limited | undefined;
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

/**
 * CPUs that the metered scope can use at most: the tightest quota up to the root, its CPU set, the host's CPUs. Undefined
 * where one of the container's own could not be read.
 */
export function cpuLimit(sample: Sample): Limited | undefined {
  const host = readingOf(sample, cpu)?.snapshot.count;
  const own = readingOf(sample, container)?.snapshot;
  return limited(own?.cpu === undefined ? undefined : own.cpuLimits, host, '/proc/stat');
}

/** Bytes that the metered scope can use at most: the tightest limit up to the root, the host's memory. */
export function memoryLimit(sample: Sample): Limited | undefined {
  const host = readingOf(sample, memory)?.snapshot.total;
  const own = readingOf(sample, container)?.snapshot.memory;
  return limited(own?.limits, host, '/proc/meminfo');
}

function limited(own: Limits | undefined, host: number | undefined, file: string): Limited | undefined {
  if (own === 'unknown') return undefined;
  const limit = tightest([...(host === undefined ? [] : [{ value: host, file }]), ...(own ?? [])]);
  return limit && { scope: own === undefined ? 'host' : 'container', limit };
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
      from: 'the least of: quotas of the cgroup and its visible ancestors, its effective cpuset, CPUs online',
      attributes: { 'jobmeter.scope': SCOPES },
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
      from: 'the least of: memory limits of the cgroup and its ancestors, MemTotal',
      attributes: { 'jobmeter.scope': SCOPES },
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
    if (cpuLimit) emit('cpuLimit', cpuLimit.limit.value, { 'jobmeter.scope': cpuLimit.scope });
    if (memoryLimit) emit('memoryLimit', memoryLimit.limit.value, { 'jobmeter.scope': memoryLimit.scope });
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

export function followMetered(ticksKept: number, interval: number): Follower {
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
      const tick = { slot: sample.slot, cpu: isRate ? cpuUse(base, sample) : undefined, memory: memoryUse(sample) };
      // Over a sample without CPU time the next rate reaches back to the last one with it.
      if (isRate && cpuTime(sample) !== undefined) base = sample;
      newest = sample;
      ticks.push(tick);
      const oldest = Math.max(Math.min(closed ?? Infinity, sample.slot - ticksKept), sample.slot - mostTicks);
      ticks = ticks.filter(({ slot }) => slot > oldest);
      return tick;
    },
    metered: () => ({ ticks, cpuLimit: newest && cpuLimit(newest), memoryLimit: newest && memoryLimit(newest) }),
    close() {
      closed = newest?.slot;
    },
  };
}
