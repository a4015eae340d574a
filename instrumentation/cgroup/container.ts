import { defineSource, type Source } from '../source.ts';
import { containerOnly, discover } from './discover.ts';
import { type CpuLimit, cpuQuotas, cpusetLimit, type Limits, tightest } from './limits.ts';
import { type ContainerCpu, type ContainerMemory, MEMORY_STATES, minorNeverBack } from './use.ts';
import { readCpuV1, readMemoryV1 } from './v1.ts';
import { readCpuV2, readMemoryV2 } from './v2.ts';

export interface Container {
  /** Absent where the own cgroup is the host's root in the hierarchy that counts this: then it is no container. */
  readonly cpu?: ContainerCpu | undefined;
  readonly memory?: ContainerMemory | undefined;
  readonly quotas: Limits<CpuLimit>;
  /** The quotas and the CPU set. */
  readonly cpuLimits: Limits<CpuLimit>;
  /** The own cgroup lies outside of what is mounted here: it is somewhere, but cannot be seen. */
  readonly isHidden: boolean;
}

const MODES = ['user', 'system'] as const;
const FAULT_TYPES = ['major', 'minor'] as const;

/** The cgroup that this process is in, whatever made it: a container runtime, Kubernetes, systemd, Slurm. */
export const container: Source<Container> = defineSource({
  name: 'container',
  since: 'unknown',
  isTicked: true,
  metrics: {
    cpuTime: {
      name: 'container.cpu.time',
      stability: 'release_candidate',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'CPU time of the own cgroup and those below it.',
      from: 'v2 cpu.stat: user_usec, system_usec; v1 cpuacct.stat: user, system (USER_HZ = 100)',
      attributes: { 'cpu.mode': MODES },
    },
    memoryUsage: {
      name: 'container.memory.usage',
      stability: 'release_candidate',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'All memory that is charged to the own cgroup, page cache included.',
      from: 'v2 memory.current; v1 memory.usage_in_bytes',
    },
    workingSet: {
      name: 'container.memory.working_set',
      stability: 'release_candidate',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of the own cgroup without file pages that were not used lately.',
      from: 'usage less inactive_file (v2) or total_inactive_file (v1) of memory.stat, not below 0',
    },
    memoryRss: {
      name: 'container.memory.rss',
      stability: 'release_candidate',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Anonymous memory of the own cgroup: what its programs allocated, without files.',
      from: 'memory.stat: v2 anon; v1 total_rss',
    },
    memoryAvailable: {
      name: 'container.memory.available',
      stability: 'release_candidate',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description:
        'How far the working set of the own cgroup is below its memory limit; absent without one, and where the limit of an ancestor is tighter.',
      from: 'v2 memory.max, v1 memory.limit_in_bytes, where jobmeter.container.memory.limit is no less, less the working set, not below 0',
    },
    memoryStat: {
      name: 'jobmeter.container.memory.stat',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of the own cgroup by what it is used for. The states overlap and do not add up.',
      from: 'v2 memory.stat; v1 total_rss, _cache, _shmem, _mapped_file, _dirty, _writeback of memory.stat',
      attributes: { 'jobmeter.memory.state': MEMORY_STATES },
    },
    pagingFaults: {
      name: 'container.paging.faults',
      kind: 'counter',
      unit: '{fault}',
      value: 'int',
      description: 'Page faults of the own cgroup; major ones had to wait for a disk.',
      from: 'memory.stat: major = pgmajfault, minor = pgfault less pgmajfault; v1 total_pgfault, total_pgmajfault',
      attributes: { 'system.paging.fault.type': FAULT_TYPES },
    },
    cpuLimit: {
      name: 'jobmeter.container.cpu.limit',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'double',
      description: 'The tightest CPU quota of the own cgroup and its visible ancestors; absent without one.',
      from: 'v2 cpu.max; v1 cpu.cfs_quota_us / cpu.cfs_period_us',
    },
    memoryLimit: {
      name: 'jobmeter.container.memory.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'The tightest memory limit of the own cgroup and its ancestors; absent without one.',
      from: 'v2 memory.max; v1 hierarchical_memory_limit of memory.stat, memory.limit_in_bytes',
    },
  },
  read(host) {
    const own = discover(host);
    if (own === undefined) return undefined;
    const cpu = containerOnly(own.cpuacct ?? own.unified);
    const memory = containerOnly(own.memory ?? own.unified);
    const quotas = cpuQuotas(host, own);
    const cpuset = cpusetLimit(host, own);
    return {
      cpu: cpu && (cpu.version === 1 ? readCpuV1 : readCpuV2)(host, cpu),
      memory: memory && (memory.version === 1 ? readMemoryV1 : readMemoryV2)(host, memory),
      quotas,
      cpuLimits: quotas === 'unknown' || cpuset === 'unknown' ? 'unknown' : [...quotas, ...cpuset],
      isHidden: own.isHidden,
    };
  },
  settle(previous, current) {
    if (previous.memory === undefined || current.memory === undefined) return current;
    return { ...current, memory: minorNeverBack(previous.memory, current.memory) };
  },
  identity: ({ cpu, memory }) => `${cpu?.path} ${memory?.path}`,
  observe({ cpu, memory, quotas }, emit) {
    for (const mode of MODES) emit('cpuTime', cpu?.[mode], { 'cpu.mode': mode });
    emit('memoryUsage', memory?.usage);
    emit('workingSet', memory?.workingSet);
    emit('memoryRss', memory?.stat?.anon);
    emit('memoryAvailable', available(memory));
    for (const state of MEMORY_STATES) emit('memoryStat', memory?.stat?.[state], { 'jobmeter.memory.state': state });
    for (const type of FAULT_TYPES) emit('pagingFaults', memory?.faults?.[type], { 'system.paging.fault.type': type });
    emit('cpuLimit', tightestOf(quotas));
    emit('memoryLimit', memory && tightestOf(memory.limits));
  },
});

/** Of the limit of an ancestor others use a part, and how much of it nobody tells. */
function available(memory: ContainerMemory | undefined): number | undefined {
  const limit = memory && tightestOf(memory.limits);
  if (limit === undefined || limit !== memory?.ownLimit || memory.workingSet === undefined) return undefined;
  return Math.max(0, limit - memory.workingSet);
}

function tightestOf(limits: Limits): number | undefined {
  return limits === 'unknown' ? undefined : tightest(limits)?.value;
}
