// What holds the metered scope: of all limits that are known the tightest, and who sets it.

import { container } from '../instrumentation/cgroup/container.ts';
import {
  type CpuLimit,
  type Limit,
  type Limits,
  type MemoryLimit,
  tightest,
} from '../instrumentation/cgroup/limits.ts';
import { cpu } from '../instrumentation/host/cpu.ts';
import { memory } from '../instrumentation/host/memory.ts';
import { ecs } from '../instrumentation/platform/ecs.ts';
import type { PlatformLimits } from '../instrumentation/platform/limits.ts';
import { slurm } from '../instrumentation/platform/slurm.ts';
import { readingOf, type Sample } from './sampler.ts';

export const SCOPES = ['container', 'host'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Limited<L extends Limit = Limit> {
  readonly scope: Scope;
  readonly limit: L;
}

/** What the user said; it holds the container alone, as what a platform says. */
export interface ConfiguredLimits {
  readonly cpu?: CpuLimit | undefined;
  readonly memory?: MemoryLimit | undefined;
}

/**
 * CPUs that the metered scope can use at most. The host: those that are online. The container: the least of those, of
 * the quotas up to the root and the CPU set of its cgroup, of what a platform allows the job (ECS, Slurm), and of what
 * the user said. Undefined where one that is there could not be read.
 */
export function cpuLimit(sample: Sample, configured?: CpuLimit): Limited<CpuLimit> | undefined {
  const value = readingOf(sample, cpu)?.snapshot.count;
  const host = value === undefined ? [] : [{ value, source: 'host', file: '/proc/stat' } as const];
  const own = readingOf(sample, container)?.snapshot;
  if (own?.cpu === undefined) return limited<CpuLimit>('host', host);
  return limited<CpuLimit>(
    'container',
    host,
    own.cpuLimits,
    ...platforms(sample).map(({ cpu }) => cpu),
    given(configured),
  );
}

/** Bytes that the metered scope can use at most: the same with the limits of the memory cgroup, and the host's memory. */
export function memoryLimit(sample: Sample, configured?: MemoryLimit): Limited<MemoryLimit> | undefined {
  const value = readingOf(sample, memory)?.snapshot.total;
  const host = value === undefined ? [] : [{ value, source: 'host', file: '/proc/meminfo' } as const];
  const own = readingOf(sample, container)?.snapshot.memory;
  if (own === undefined) return limited<MemoryLimit>('host', host);
  return limited<MemoryLimit>(
    'container',
    host,
    own.limits,
    ...platforms(sample).map(({ memory }) => memory),
    given(configured),
  );
}

/** What platforms allow the job: it holds the container alone, since the host's use is not only the job's. */
function platforms(sample: Sample): readonly PlatformLimits[] {
  return [ecs, slurm].flatMap((source) => readingOf(sample, source)?.snapshot ?? []);
}

/** Whether ECS has not told its limits yet. */
export function isAwaited(sample: Sample): boolean {
  const limits = readingOf(sample, ecs)?.snapshot;
  return limits?.cpu === 'unknown' || limits?.memory === 'unknown';
}

function given<L extends Limit>(limit: L | undefined): readonly L[] {
  return limit === undefined ? [] : [limit];
}

/** Of those that are equal the first holds: the host's, since then nothing less was given; then what the kernel sees to. */
function limited<L extends Limit>(scope: Scope, ...all: readonly Limits<L>[]): Limited<L> | undefined {
  const known = all.filter((limits) => limits !== 'unknown');
  const limit = known.length === all.length ? tightest(known.flat()) : undefined;
  return limit && { scope, limit };
}
