import { parseNumber } from '../kernel/bytes.ts';
import { keyed } from '../kernel/keyed.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { accounted, type Cgroup, containerOnly, discover } from './discover.ts';
import { tightestIn } from './levels.ts';

const EVENTS = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'] as const;

/** Bytes, and how often something happened. */
export interface ContainerMemoryDetails {
  readonly path: string;
  readonly peak?: number | undefined;
  readonly high?: number | undefined;
  readonly swap?: number | undefined;
  readonly swapLimit?: number | undefined;
  readonly events?: Readonly<Partial<Record<(typeof EVENTS)[number], number | undefined>>> | undefined;
}

/** What the memory controller tells beyond use and limit of the own cgroup. */
export const containerMemory: Source<ContainerMemoryDetails> = defineSource({
  name: 'container-memory',
  since: 'unknown',
  metrics: {
    peak: {
      name: 'jobmeter.container.memory.peak',
      kind: 'gauge',
      unit: 'By',
      value: 'int',
      description: 'The most memory that was charged to the own cgroup at once since it was made.',
      from: 'v2 memory.peak (Linux 5.19 and later); v1 memory.max_usage_in_bytes, which anybody may have reset',
    },
    high: {
      name: 'jobmeter.container.memory.high',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description:
        'Memory above which the kernel slows the own cgroup down and reclaims; absent where that is nowhere.',
      from: 'v2 memory.high, the lowest of the own cgroup and its visible ancestors',
    },
    swap: {
      name: 'jobmeter.container.memory.swap.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of the own cgroup that is swapped out.',
      from: 'v2 memory.swap.current; v1 total_swap of memory.stat',
    },
    swapLimit: {
      name: 'jobmeter.container.memory.swap.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'The tightest limit on swap of the own cgroup and its visible ancestors; absent without one.',
      from: 'v2 memory.swap.max; v1 limits memory and swap together, so it has none',
    },
    events: {
      name: 'jobmeter.container.memory.events',
      kind: 'counter',
      unit: '{event}',
      value: 'int',
      description:
        'What lack of memory did to the own cgroup: reclaim at its limits, allocations that failed, processes killed.',
      from: 'v2 memory.events, cgroups below included, also former ones; v1, without cgroups below: max = memory.failcnt, oom_kill of memory.oom_control',
      attributes: { 'jobmeter.memory.event': EVENTS },
    },
  },
  read(host) {
    const own = discover(host);
    const cgroup = containerOnly(own?.memory ?? own?.unified);
    return cgroup && (cgroup.version === 1 ? readV1 : readV2)(host, cgroup);
  },
  identity: ({ path }) => path,
  observe({ events, ...bytes }, emit) {
    emit('peak', bytes.peak);
    emit('high', bytes.high);
    emit('swap', bytes.swap);
    emit('swapLimit', bytes.swapLimit);
    for (const event of EVENTS) emit('events', events?.[event], { 'jobmeter.memory.event': event });
  },
});

const parseEvents = keyed(EVENTS);

function readV2(host: Host, cgroup: Cgroup): ContainerMemoryDetails | undefined {
  const found = accounted(host, cgroup, 'memory.current');
  if (found === undefined) return undefined;
  const { path, directories } = found;
  const [directory] = directories;
  return {
    path,
    peak: host.read(`${directory}/memory.peak`, parseNumber),
    high: tightestIn(host, directories, 'memory.high'),
    swap: host.read(`${directory}/memory.swap.current`, parseNumber),
    swapLimit: tightestIn(host, directories, 'memory.swap.max'),
    events: host.read(`${directory}/memory.events`, parseEvents),
  };
}

const parseSwap = keyed(['total_swap']);
const parseOomControl = keyed(['oom_kill']);

/** cgroup-v1/memory.rst. There the kernel counts each event in one cgroup alone: a kill in that of the process. */
function readV1(host: Host, { path, directories: [directory] }: Cgroup): ContainerMemoryDetails {
  return {
    path,
    peak: host.read(`${directory}/memory.max_usage_in_bytes`, parseNumber),
    swap: host.read(`${directory}/memory.stat`, parseSwap)?.total_swap,
    events: {
      max: host.read(`${directory}/memory.failcnt`, parseNumber),
      oom_kill: host.read(`${directory}/memory.oom_control`, parseOomControl)?.oom_kill,
    },
  };
}
