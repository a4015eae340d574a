import { parseNumber } from '../kernel/bytes.ts';
import { parseCpuMax, parseQuota } from '../kernel/cgroup.ts';
import { keyed } from '../kernel/keyed.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { type Cgroup, containerOnly, discover } from './discover.ts';
import { cpusetLimit, tightest } from './limits.ts';

/** What one quota did. Seconds; what this kernel does not count is absent. */
interface Quota {
  /** How far up it is: 0 is the own cgroup, 1 its parent. */
  readonly level: number;
  readonly periods?: number | undefined;
  readonly throttledPeriods?: number | undefined;
  readonly throttledTime?: number | undefined;
  readonly burstPeriods?: number | undefined;
  readonly burstTime?: number | undefined;
  readonly burstLimit?: number | undefined;
}

export interface ContainerCpuQuotas {
  readonly path: string;
  readonly quotas: readonly Quota[];
  readonly heldBack?: number | undefined;
  readonly cpuset?: number | undefined;
}

const LEVEL = { 'jobmeter.cgroup.level': 'int' } as const;

/** The CPU quotas of the own cgroup and its visible ancestors: each of them can hold it back, and each counts for itself. */
export const containerCpu: Source<ContainerCpuQuotas> = defineSource({
  name: 'container-cpu',
  since: 'unknown',
  metrics: {
    periods: {
      name: 'jobmeter.container.cpu.throttling.periods',
      kind: 'counter',
      unit: '{period}',
      value: 'int',
      description: 'Periods of a CPU quota in which there was work. Level 0 is the own cgroup, 1 its parent.',
      from: 'cpu.stat, nr_periods, of each visible cgroup up to the root that has a quota',
      attributes: LEVEL,
    },
    throttledPeriods: {
      name: 'jobmeter.container.cpu.throttling.throttled_periods',
      kind: 'counter',
      unit: '{period}',
      value: 'int',
      description: 'Periods in which a CPU quota was used up and work had to wait for the next one.',
      from: 'cpu.stat, nr_throttled, of each visible cgroup up to the root that has a quota',
      attributes: LEVEL,
    },
    throttledTime: {
      name: 'jobmeter.container.cpu.throttling.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Time for which a CPU quota kept work waiting, added up over CPUs.',
      from: 'cpu.stat of each visible cgroup up to the root that has a quota: v2 throttled_usec; v1 throttled_time (ns)',
      attributes: LEVEL,
    },
    heldBack: {
      name: 'jobmeter.container.cpu.throttling.local_time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Time for which work of the own cgroup waited for any quota, also of ancestors that cannot be seen.',
      from: 'cpu.stat.local (Linux 6.6 and later): v2 throttled_usec; v1 throttled_time (ns)',
    },
    burstPeriods: {
      name: 'jobmeter.container.cpu.burst.periods',
      kind: 'counter',
      unit: '{period}',
      value: 'int',
      description: 'Periods in which more than a CPU quota was used, out of what had been saved up.',
      from: 'cpu.stat, nr_bursts (Linux 5.15 and later), of each visible cgroup up to the root that has a quota',
      attributes: LEVEL,
    },
    burstTime: {
      name: 'jobmeter.container.cpu.burst.time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'CPU time that was used beyond a quota, out of what had been saved up.',
      from: 'cpu.stat of each visible cgroup up to the root that has a quota: v2 burst_usec; v1 burst_time (ns)',
      attributes: LEVEL,
    },
    burstLimit: {
      name: 'jobmeter.container.cpu.burst.limit',
      kind: 'updowncounter',
      unit: 's',
      value: 'double',
      description: 'CPU time that can be saved up from periods that needed less than a quota; 0 where none can.',
      from: 'v2 cpu.max.burst, v1 cpu.cfs_burst_us, of each visible cgroup up to the root that has a quota',
      attributes: LEVEL,
    },
    cpuset: {
      name: 'jobmeter.container.cpu.cpuset.count',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'int',
      description: 'CPUs that the own cgroup may run on.',
      from: 'v2 cpuset.cpus.effective; v1 cpuset.effective_cpus',
    },
  },
  read(host) {
    const own = discover(host);
    const cgroup = containerOnly(own?.cpu ?? own?.unified);
    const cpuset = containerOnly(own?.cpuset ?? own?.unified);
    if (own === undefined || (cgroup === undefined && cpuset === undefined)) return undefined;
    const cpus = cpuset && cpusetLimit(host, own);
    return {
      path: cgroup?.path ?? '',
      quotas: cgroup === undefined ? [] : readQuotas(host, cgroup),
      heldBack: cgroup && readLocal(host, cgroup),
      cpuset: cpus === undefined || cpus === 'unknown' ? undefined : tightest(cpus)?.value,
    };
  },
  identity: ({ path }) => path,
  observe({ quotas, heldBack, cpuset }, emit) {
    for (const { level, ...quota } of quotas) {
      const attributes = { 'jobmeter.cgroup.level': level };
      emit('periods', quota.periods, attributes);
      emit('throttledPeriods', quota.throttledPeriods, attributes);
      emit('throttledTime', quota.throttledTime, attributes);
      emit('burstPeriods', quota.burstPeriods, attributes);
      emit('burstTime', quota.burstTime, attributes);
      emit('burstLimit', quota.burstLimit, attributes);
    }
    emit('heldBack', heldBack);
    emit('cpuset', cpuset);
  },
});

const parseStat = keyed([
  'nr_periods',
  'nr_throttled',
  'throttled_usec',
  'throttled_time',
  'nr_bursts',
  'burst_usec',
  'burst_time',
]);

function readQuotas(host: Host, { version, directories }: Cgroup): readonly Quota[] {
  const found: Quota[] = [];
  for (const [level, directory] of directories.entries()) {
    const quota =
      version === 1
        ? host.read(`${directory}/cpu.cfs_quota_us`, parseQuota)
        : host.read(`${directory}/cpu.max`, parseCpuMax);
    if (quota === undefined || quota === Infinity) continue;
    const stat = host.read(`${directory}/cpu.stat`, parseStat);
    const burst = host.read(`${directory}/${version === 1 ? 'cpu.cfs_burst_us' : 'cpu.max.burst'}`, parseNumber);
    found.push({
      level,
      periods: stat?.nr_periods,
      throttledPeriods: stat?.nr_throttled,
      throttledTime: seconds(stat?.throttled_usec, stat?.throttled_time),
      burstPeriods: stat?.nr_bursts,
      burstTime: seconds(stat?.burst_usec, stat?.burst_time),
      burstLimit: seconds(burst, undefined),
    });
  }
  return found;
}

const parseLocal = keyed(['throttled_usec', 'throttled_time']);

function readLocal(host: Host, { directories: [directory] }: Cgroup): number | undefined {
  const local = host.read(`${directory}/cpu.stat.local`, parseLocal);
  return seconds(local?.throttled_usec, local?.throttled_time);
}

/** v2 counts microseconds, v1 nanoseconds. */
function seconds(microseconds: number | undefined, nanoseconds: number | undefined): number | undefined {
  if (microseconds !== undefined) return microseconds / 1e6;
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}
