import { parseNumber } from '../kernel/bytes.ts';
import { knownLimit, parseCpuList, parseCpuMax, parseLimit, parseQuota } from '../kernel/cgroup.ts';
import type { Host } from '../source.ts';
import type { Cgroup, OwnCgroups } from './discover.ts';

/** Who sets a limit on CPUs. `configured` is what the user told the agent. */
export const CPU_LIMIT_SOURCES = ['host', 'cgroup_quota', 'cgroup_cpuset', 'ecs_task', 'slurm', 'configured'] as const;
type CpuLimitSource = (typeof CPU_LIMIT_SOURCES)[number];

/** Who sets a limit on memory. */
export const MEMORY_LIMIT_SOURCES = [
  'host',
  'cgroup_memory',
  'ecs_task',
  'ecs_container',
  'slurm',
  'configured',
] as const;
type MemoryLimitSource = (typeof MEMORY_LIMIT_SOURCES)[number];

/** One limit, in CPUs or bytes, and what says so. */
export interface Limit<S extends CpuLimitSource | MemoryLimitSource = CpuLimitSource | MemoryLimitSource> {
  readonly value: number;
  readonly source: S;
  /** The file, the variable, or a word for the service that says so. */
  readonly file: string;
  /** The directory of the file, where it is not plain from its name. */
  readonly directory?: string;
}

export type CpuLimit = Limit<CpuLimitSource>;
export type MemoryLimit = Limit<MemoryLimitSource>;

/** All finite limits, the ancestors' included; "unknown" where there is one that could not be read. */
export type Limits<L extends Limit = Limit> = readonly L[] | 'unknown';

/** The least of them; of several that are equal, the first. */
export function tightest<L extends Limit>(limits: readonly L[]): L | undefined {
  let found: L | undefined;
  for (const limit of limits) if (found === undefined || limit.value < found.value) found = limit;
  return found;
}

/** The CPU quotas of the own cgroup and of all its visible ancestors: the kernel holds it to each of them. */
export function cpuQuotas(host: Host, { cpu, unified }: OwnCgroups): Limits<CpuLimit> {
  const cgroup = cpu ?? unified;
  if (cgroup === undefined) return [];
  return cgroup.version === 1
    ? limitsOf('cgroup_quota', host, cgroup.directories, 'cpu.cfs_quota_us', (_, directory) => quotaV1(host, directory))
    : limitsOf('cgroup_quota', host, cgroup.directories, 'cpu.max', (path) => host.read(path, parseCpuMax));
}

function quotaV1(host: Host, directory: string): number | undefined {
  const quota = host.read(`${directory}/cpu.cfs_quota_us`, parseQuota);
  if (quota === undefined || quota === Infinity) return quota;
  const period = host.read(`${directory}/cpu.cfs_period_us`, parseNumber);
  return period === undefined || period === 0 ? undefined : quota / period;
}

/** How many CPUs the own cgroup may run on. What the kernel calls effective has the ancestors' sets in it already. */
export function cpusetLimit(host: Host, { cpuset, unified }: OwnCgroups): Limits<CpuLimit> {
  const cgroup = cpuset ?? unified;
  const file = cgroup?.version === 1 ? 'cpuset.effective_cpus' : 'cpuset.cpus.effective';
  for (const directory of cgroup?.directories ?? []) {
    const value = host.read(`${directory}/${file}`, parseCpuList);
    if (value !== undefined) return value > 0 ? [{ value, source: 'cgroup_cpuset', file, directory }] : [];
    if (host.exists(`${directory}/${file}`)) return 'unknown';
  }
  return [];
}

/** The memory limits of a v2 cgroup and of all its visible ancestors, given their directories. */
export function memoryLimitsV2(host: Host, directories: readonly string[]): Limits<MemoryLimit> {
  return limitsOf('cgroup_memory', host, directories, 'memory.max', (path) => host.read(path, parseLimit));
}

/**
 * The memory limit of a v1 cgroup. `hierarchical` is from its memory.stat: there the kernel itself gives the tightest
 * limit up to the root, also of ancestors that a namespace hides.
 */
export function memoryLimitsV1(host: Host, cgroup: Cgroup, hierarchical: number | undefined): Limits<MemoryLimit> {
  const directory = cgroup.directories[0];
  if (hierarchical === undefined) {
    return limitsOf('cgroup_memory', host, cgroup.directories, 'memory.limit_in_bytes', (path) =>
      host.read(path, parseLimit),
    );
  }
  const value = knownLimit(hierarchical);
  return value === Infinity
    ? []
    : [{ value, source: 'cgroup_memory', file: 'hierarchical_memory_limit of memory.stat', directory }];
}

function limitsOf<const S extends Limit['source']>(
  source: S,
  host: Host,
  directories: readonly string[],
  file: string,
  read: (path: string, directory: string) => number | undefined,
): Limits<Limit<S>> {
  const limits: Limit<S>[] = [];
  for (const directory of directories) {
    const path = `${directory}/${file}`;
    const value = read(path, directory);
    if (value === undefined && host.exists(path)) return 'unknown';
    if (value !== undefined && value !== Infinity) limits.push({ value, source, file, directory });
  }
  return limits;
}
