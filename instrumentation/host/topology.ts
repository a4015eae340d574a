import { parseCpuNumbers } from '../kernel/cpu-list.ts';
import type { Host } from '../source.ts';

const CPUS = '/sys/devices/system/cpu';

/** CPUs that are online, by number. */
export interface Topology {
  readonly cpus: readonly number[];
  /** The first thread of each core; undefined where the kernel does not tell which threads share one. */
  readonly cores: readonly number[] | undefined;
  /** The first thread of each package. */
  readonly packages: readonly number[] | undefined;
}

/** The directory of a CPU. */
export function directoryOf(cpu: number): string {
  return `${CPUS}/cpu${cpu}`;
}

/**
 * Which CPUs share a core or a package, as of the last time that one went on or off. It is told by the lists of siblings
 * and not by core_id: on arm64 that is counted anew in each cluster, on x86 in each die, and it can be missing. One list is
 * read for each core and each package, not one for each CPU.
 */
export function topologyOf(host: Host): Topology | undefined {
  return host.derive(`${CPUS}/online`, 'topology', (bytes) => {
    const cpus = parseCpuNumbers(bytes);
    return {
      cpus,
      cores: firsts(host, cpus, 'thread_siblings_list'),
      packages: firsts(host, cpus, 'core_siblings_list'),
    };
  });
}

/** One CPU of each group, or nothing where a list is missing: a number that is too small would look like any other. */
function firsts(host: Host, cpus: readonly number[], list: string): readonly number[] | undefined {
  const grouped = new Set<number>();
  const found: number[] = [];
  for (const cpu of cpus) {
    if (grouped.has(cpu)) continue;
    const siblings = host.readOnce(`${directoryOf(cpu)}/topology/${list}`, parseCpuNumbers);
    // A CPU is always its own sibling; one that goes off while we look is no longer.
    if (siblings?.includes(cpu) !== true) return undefined;
    for (const sibling of siblings) grouped.add(sibling);
    found.push(cpu);
  }
  return found;
}
