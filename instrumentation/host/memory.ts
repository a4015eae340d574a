import { type Meminfo, parseMeminfo } from '../kernel/meminfo.ts';
import { defineSource, type Source } from '../source.ts';

/** Memory of the host in bytes; what the kernel does not tell is absent. */
export interface HostMemory {
  readonly total?: number | undefined;
  readonly available?: number | undefined;
  readonly free?: number | undefined;
  readonly buffers?: number | undefined;
  readonly cached?: number | undefined;
  readonly used?: number | undefined;
  readonly shared?: number | undefined;
  readonly reclaimable?: number | undefined;
  readonly unreclaimable?: number | undefined;
  readonly hugepages?: HugePages;
}

/** Pages of the default huge size: those of other sizes stand elsewhere. */
interface HugePages {
  /** In bytes, of one page. */
  readonly size?: number | undefined;
  readonly limit?: number | undefined;
  readonly free?: number | undefined;
  readonly used?: number | undefined;
  readonly reserved?: number | undefined;
  readonly surplus?: number | undefined;
}

const STATES = ['used', 'free', 'buffers', 'cached'] as const;
const SLAB_STATES = ['reclaimable', 'unreclaimable'] as const;
const HUGEPAGES_STATES = ['free', 'used'] as const;

/** The states add up to MemTotal, as they do in free(1) of procps 3. */
export function memoryOf(info: Meminfo): HostMemory {
  const { MemTotal: total, MemFree: free, Buffers: buffers, Cached, SReclaimable } = info;
  const cached = Cached === undefined ? undefined : Cached + (SReclaimable ?? 0);
  const known = total !== undefined && free !== undefined && buffers !== undefined && cached !== undefined;
  return {
    total,
    free,
    buffers,
    cached,
    available: info.MemAvailable,
    used: known ? atLeastZero(total - free - buffers - cached) : undefined,
    shared: info.Shmem,
    reclaimable: SReclaimable,
    unreclaimable: info.SUnreclaim,
    hugepages: hugePagesOf(info),
  };
}

function hugePagesOf(info: Meminfo): HugePages {
  const { HugePages_Total: limit, HugePages_Free: free } = info;
  return {
    size: info.Hugepagesize,
    limit,
    free,
    used: limit !== undefined && free !== undefined ? atLeastZero(limit - free) : undefined,
    reserved: info.HugePages_Rsvd,
    surplus: info.HugePages_Surp,
  };
}

/** The kernel does not take all lines at one moment: what is left of a total can come out below 0 where it is next to nothing. */
function atLeastZero(rest: number): number | undefined {
  return rest >= 0 ? rest : undefined;
}

export const memory: Source<HostMemory> = defineSource({
  name: 'memory',
  since: 'unknown',
  isTicked: true,
  metrics: {
    usage: {
      name: 'system.memory.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of the host by what it holds; the states add up to all of it.',
      from: '/proc/meminfo: free = MemFree, buffers = Buffers, cached = Cached + SReclaimable, used = MemTotal less these',
      attributes: { 'system.memory.state': STATES },
    },
    available: {
      name: 'system.memory.linux.available',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory that the kernel could give to programs without swapping.',
      from: '/proc/meminfo, MemAvailable',
    },
    limit: {
      name: 'system.memory.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of the host.',
      from: '/proc/meminfo, MemTotal',
    },
    slab: {
      name: 'system.memory.linux.slab.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory in which the kernel keeps its own objects, by whether it could give it to programs.',
      from: '/proc/meminfo, SReclaimable and SUnreclaim',
      attributes: { 'system.memory.linux.slab.state': SLAB_STATES },
    },
    shared: {
      name: 'system.memory.linux.shared',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Shared memory and files of tmpfs. It is a part of what is cached.',
      from: '/proc/meminfo, Shmem',
      isOptIn: true,
    },
    hugepagesLimit: {
      name: 'system.memory.linux.hugepages.limit',
      kind: 'updowncounter',
      unit: '{page}',
      value: 'int',
      description: 'Pages of the default huge size that the host keeps for programs.',
      from: '/proc/meminfo, HugePages_Total',
      isOptIn: true,
    },
    hugepagesSize: {
      name: 'system.memory.linux.hugepages.page_size',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'The default size of a huge page.',
      from: '/proc/meminfo, Hugepagesize',
      isOptIn: true,
    },
    hugepagesReserved: {
      name: 'system.memory.linux.hugepages.reserved',
      kind: 'updowncounter',
      unit: '{page}',
      value: 'int',
      description: 'Free huge pages that were promised to a program.',
      from: '/proc/meminfo, HugePages_Rsvd',
      isOptIn: true,
    },
    hugepagesSurplus: {
      name: 'system.memory.linux.hugepages.surplus',
      kind: 'updowncounter',
      unit: '{page}',
      value: 'int',
      description: 'Huge pages beyond those that the host was told to keep.',
      from: '/proc/meminfo, HugePages_Surp',
      isOptIn: true,
    },
    hugepagesUsage: {
      name: 'system.memory.linux.hugepages.usage',
      kind: 'updowncounter',
      unit: '{page}',
      value: 'int',
      description: 'Huge pages that are free and that are in use; they add up to all of them.',
      from: '/proc/meminfo: free = HugePages_Free, used = HugePages_Total less these',
      attributes: { 'system.memory.linux.hugepages.state': HUGEPAGES_STATES },
      isOptIn: true,
    },
  },
  read(host) {
    const info = host.read('/proc/meminfo', parseMeminfo);
    return info && memoryOf(info);
  },
  observe(bytes, emit) {
    for (const state of STATES) emit('usage', bytes[state], { 'system.memory.state': state });
    emit('available', bytes.available);
    emit('limit', bytes.total);
    for (const state of SLAB_STATES) emit('slab', bytes[state], { 'system.memory.linux.slab.state': state });
    emit('shared', bytes.shared);
    const pages = bytes.hugepages;
    emit('hugepagesLimit', pages?.limit);
    emit('hugepagesSize', pages?.size);
    emit('hugepagesReserved', pages?.reserved);
    emit('hugepagesSurplus', pages?.surplus);
    for (const state of HUGEPAGES_STATES) {
      emit('hugepagesUsage', pages?.[state], { 'system.memory.linux.hugepages.state': state });
    }
  },
});
