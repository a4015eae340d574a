import { parseNumber } from '../kernel/bytes.ts';
import { knownLimit, parseCpuList, parseCpuMax, parseLimit, parseQuota } from '../kernel/cgroup.ts';
import type { Host } from '../source.ts';
import type { Cgroup, OwnCgroups } from './discover.ts';

/** One limit that holds a cgroup, in CPUs or bytes, and the file that says so. */
export interface Limit {
  readonly value: number;
  readonly file: string;
  /** The directory of the file, where it is not plain from its name. */
  readonly directory?: string;
}

/** All finite limits, the ancestors' included; "unknown" where there is one that could not be read. */
export type Limits = readonly Limit[] | 'unknown';

export function tightest(limits: readonly Limit[]): Limit | undefined {
  let found: Limit | undefined;
  for (const limit of limits) if (found === undefined || limit.value < found.value) found = limit;
  return found;
}

/** The CPU quotas of the own cgroup and of all its visible ancestors: the kernel holds it to each of them. */
export function cpuQuotas(host: Host, { cpu, unified }: OwnCgroups): Limits {
  const cgroup = cpu ?? unified;
  if (cgroup === undefined) return [];
  return cgroup.version === 1
    ? limitsOf(host, cgroup.directories, 'cpu.cfs_quota_us', (_, directory) => quotaV1(host, directory))
    : limitsOf(host, cgroup.directories, 'cpu.max', (path) => host.read(path, parseCpuMax));
}

function quotaV1(host: Host, directory: string): number | undefined {
  const quota = host.read(`${directory}/cpu.cfs_quota_us`, parseQuota);
  if (quota === undefined || quota === Infinity) return quota;
  const period = host.read(`${directory}/cpu.cfs_period_us`, parseNumber);
  return period === undefined || period === 0 ? undefined : quota / period;
}

/** How many CPUs the own cgroup may run on. What the kernel calls effective has the ancestors' sets in it already. */
export function cpusetLimit(host: Host, { cpuset, unified }: OwnCgroups): Limits {
  const cgroup = cpuset ?? unified;
  const file = cgroup?.version === 1 ? 'cpuset.effective_cpus' : 'cpuset.cpus.effective';
  for (const directory of cgroup?.directories ?? []) {
    const value = host.read(`${directory}/${file}`, parseCpuList);
    if (value !== undefined) return value > 0 ? [{ value, file, directory }] : [];
    if (host.exists(`${directory}/${file}`)) return 'unknown';
  }
  return [];
}

/** The memory limits of a v2 cgroup and of all its visible ancestors, given their directories. */
export function memoryLimitsV2(host: Host, directories: readonly string[]): Limits {
  return limitsOf(host, directories, 'memory.max', (path) => host.read(path, parseLimit));
}

/**
 * The memory limit of a v1 cgroup. `hierarchical` is from its memory.stat: there the kernel itself gives the tightest
 * limit up to the root, also of ancestors that a namespace hides.
 */
export function memoryLimitsV1(host: Host, cgroup: Cgroup, hierarchical: number | undefined): Limits {
  const directory = cgroup.directories[0];
  if (hierarchical === undefined) {
    return limitsOf(host, cgroup.directories, 'memory.limit_in_bytes', (path) => host.read(path, parseLimit));
  }
  const value = knownLimit(hierarchical);
  return value === Infinity ? [] : [{ value, file: 'hierarchical_memory_limit of memory.stat', directory }];
}

function limitsOf(
  host: Host,
  directories: readonly string[],
  file: string,
  read: (path: string, directory: string) => number | undefined,
): Limits {
  const limits: Limit[] = [];
  for (const directory of directories) {
    const path = `${directory}/${file}`;
    const value = read(path, directory);
    if (value === undefined && host.exists(path)) return 'unknown';
    if (value !== undefined && value !== Infinity) limits.push({ value, file, directory });
  }
  return limits;
}
