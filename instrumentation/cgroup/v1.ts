import { parseNumber } from '../kernel/bytes.ts';
import { parseLimit } from '../kernel/cgroup.ts';
import { keyed } from '../kernel/keyed.ts';
import { USER_HZ } from '../kernel/stat.ts';
import type { Host } from '../source.ts';
import type { Cgroup } from './discover.ts';
import { memoryLimitsV1 } from './limits.ts';
import { type ContainerCpu, type ContainerMemory, type MemoryStat, pageFaults, workingSet } from './use.ts';

const parseCpuacctStat = keyed(['user', 'system']);
const parseMemoryStat = keyed([
  'total_inactive_file',
  'hierarchical_memory_limit',
  'total_rss',
  'total_cache',
  'total_shmem',
  'total_mapped_file',
  'total_dirty',
  'total_writeback',
  'total_pgfault',
  'total_pgmajfault',
]);

/** cgroup-v1/cpuacct.rst: `cpuacct.usage` counts nanoseconds, `cpuacct.stat` splits them more coarsely. */
export function readCpuV1(host: Host, { path, directories: [directory] }: Cgroup): ContainerCpu {
  const nanoseconds = host.read(`${directory}/cpuacct.usage`, parseNumber);
  const stat = host.read(`${directory}/cpuacct.stat`, parseCpuacctStat);
  return {
    path,
    usage: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
    user: stat?.user === undefined ? undefined : stat.user / USER_HZ,
    system: stat?.system === undefined ? undefined : stat.system / USER_HZ,
  };
}

/** cgroup-v1/memory.rst: the `total_` lines count the cgroups below too, as `memory.usage_in_bytes` does. */
export function readMemoryV1(host: Host, cgroup: Cgroup): ContainerMemory {
  const [directory] = cgroup.directories;
  const usage = host.read(`${directory}/memory.usage_in_bytes`, parseNumber);
  const stat = host.read(`${directory}/memory.stat`, parseMemoryStat);
  return {
    path: cgroup.path,
    usage,
    workingSet: workingSet(usage, stat?.total_inactive_file),
    stat: stat && statV1(stat),
    faults: pageFaults(stat?.total_pgfault, stat?.total_pgmajfault),
    limits: memoryLimitsV1(host, cgroup, stat?.hierarchical_memory_limit),
    ownLimit: host.read(`${directory}/memory.limit_in_bytes`, parseLimit),
  };
}

/** In the words of v2, where the kernel shows the same count of pages under another name. */
function statV1(stat: ReturnType<typeof parseMemoryStat>): MemoryStat {
  return {
    anon: stat.total_rss,
    file: stat.total_cache,
    shmem: stat.total_shmem,
    file_mapped: stat.total_mapped_file,
    file_dirty: stat.total_dirty,
    file_writeback: stat.total_writeback,
  };
}
