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
}

const STATES = ['used', 'free', 'buffers', 'cached'] as const;

/** The states add up to MemTotal, as they do in free(1) of procps 3. */
export function memoryOf(info: Meminfo): HostMemory {
  const { MemTotal: total, MemFree: free, Buffers: buffers, Cached, SReclaimable } = info;
  const cached = Cached === undefined ? undefined : Cached + (SReclaimable ?? 0);
  const known = total !== undefined && free !== undefined && buffers !== undefined && cached !== undefined;
  const used = known ? total - free - buffers - cached : undefined;
  // The kernel does not take all lines at one moment; on a machine with next to nothing used, this can come out below 0.
  return {
    total,
    free,
    buffers,
    cached,
    available: info.MemAvailable,
    used: used !== undefined && used >= 0 ? used : undefined,
  };
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
  },
  read(host) {
    const info = host.read('/proc/meminfo', parseMeminfo);
    return info && memoryOf(info);
  },
  observe(bytes, emit) {
    for (const state of STATES) emit('usage', bytes[state], { 'system.memory.state': state });
    emit('available', bytes.available);
    emit('limit', bytes.total);
  },
});
