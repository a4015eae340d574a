import type { CpuLimit, Limits, MemoryLimit } from '../cgroup/limits.ts';

/**
 * What a platform allows the job that we run in; "unknown" where it announces limits and does not tell them. They hold
 * the container that is metered, besides those of its cgroup. Where the whole host is metered they hold nothing: its use
 * is not the job's.
 */
export interface PlatformLimits {
  readonly cpu: Limits<CpuLimit>;
  readonly memory: Limits<MemoryLimit>;
}

/** Bytes; what platforms say with a bare M, or with no unit at all, are these. */
export const MIB: number = 2 ** 20;
