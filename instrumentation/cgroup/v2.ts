import { parseNumber } from '../kernel/bytes.ts';
import { keyed } from '../kernel/keyed.ts';
import type { Host } from '../source.ts';
import { ancestor, type Cgroup } from './discover.ts';
import { memoryLimitsV2 } from './limits.ts';
import { type ContainerCpu, type ContainerMemory, MEMORY_STATES, pageFaults, workingSet } from './use.ts';

const parseCpuStat = keyed(['usage_usec', 'user_usec', 'system_usec']);
const parseMemoryStat = keyed([...MEMORY_STATES, 'inactive_file', 'pgfault', 'pgmajfault']);

/** `cpu.stat`: there in every cgroup, also where the cpu controller is not enabled. */
export function readCpuV2(host: Host, { path, directories: [directory] }: Cgroup): ContainerCpu {
  const stat = host.read(`${directory}/cpu.stat`, parseCpuStat);
  return {
    path,
    usage: seconds(stat?.usage_usec),
    user: seconds(stat?.user_usec),
    system: seconds(stat?.system_usec),
  };
}

function seconds(microseconds: number | undefined): number | undefined {
  return microseconds === undefined ? undefined : microseconds / 1e6;
}

/**
 * `memory.current` and `memory.stat`. Where the memory controller is not enabled for a cgroup, the kernel charges its
 * processes to the nearest ancestor that has it: that is the cgroup whose limit can kill them.
 */
export function readMemoryV2(host: Host, { path, directories }: Cgroup): ContainerMemory | undefined {
  for (const [above, directory] of directories.entries()) {
    const usage = host.read(`${directory}/memory.current`, parseNumber);
    if (usage === undefined && !host.exists(`${directory}/memory.current`)) continue;
    const stat = host.read(`${directory}/memory.stat`, parseMemoryStat);
    const limits = memoryLimitsV2(host, directories.slice(above));
    return {
      path: ancestor(path, above),
      usage,
      workingSet: workingSet(usage, stat?.inactive_file),
      stat,
      faults: pageFaults(stat?.pgfault, stat?.pgmajfault),
      tickPeak: host.readPeak(`${directory}/memory.peak`),
      limits,
      ownLimit: limits === 'unknown' ? undefined : limits.find((limit) => limit.directory === directory)?.value,
    };
  }
  return undefined;
}
