import { parseSwaps, type Swap } from '../kernel/swaps.ts';
import { parseVmstat, type Vmstat } from '../kernel/vmstat.ts';
import { defineSource, type Source } from '../source.ts';

export interface Paging {
  readonly events: Vmstat;
  /** Faults that needed nothing from a disk. */
  readonly minor?: number | undefined;
  readonly swaps: readonly Swap[];
}

export const paging: Source<Paging> = defineSource({
  name: 'paging',
  since: 'boot',
  metrics: {
    faults: {
      name: 'system.paging.faults',
      kind: 'counter',
      unit: '{fault}',
      value: 'int',
      description: 'Page faults of all programs: major ones had to wait for a disk.',
      from: '/proc/vmstat: major = pgmajfault, minor = pgfault less these',
      attributes: { 'system.paging.fault.type': ['major', 'minor'] },
    },
    operations: {
      name: 'system.paging.operations',
      kind: 'counter',
      unit: '{operation}',
      value: 'int',
      description: 'Pages that were read from swap (in) and written to it (out).',
      from: '/proc/vmstat, pswpin and pswpout',
      attributes: { 'system.paging.direction': ['in', 'out'], 'system.paging.fault.type': ['major'] },
    },
    oomKills: {
      name: 'jobmeter.host.memory.oom_kills',
      kind: 'counter',
      unit: '{kill}',
      value: 'int',
      description: 'Processes that were killed for lack of memory, of the host as a whole or of any container.',
      from: '/proc/vmstat, oom_kill (Linux 4.13 and later)',
    },
    usage: {
      name: 'system.paging.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Swap by area (a partition or a file) that is used and free. A host without swap has none.',
      from: '/proc/swaps: used = Used, free = Size less Used',
      attributes: { 'system.paging.state': ['used', 'free'], 'system.device': 'string' },
    },
  },
  read(host) {
    const events = host.read('/proc/vmstat', parseVmstat);
    const swaps = host.read('/proc/swaps', parseSwaps);
    if (events === undefined && swaps === undefined) return undefined;
    return pagingOf(events ?? {}, swaps ?? []);
  },
  settle: (previous, current) => ({ ...current, minor: neverBack(previous, current) }),
  observe({ events, minor, swaps }, emit) {
    emit('faults', events.pgmajfault, { 'system.paging.fault.type': 'major' });
    emit('faults', minor, { 'system.paging.fault.type': 'minor' });
    emit('operations', events.pswpin, { 'system.paging.direction': 'in', 'system.paging.fault.type': 'major' });
    emit('operations', events.pswpout, { 'system.paging.direction': 'out', 'system.paging.fault.type': 'major' });
    emit('oomKills', events.oom_kill);
    for (const { name, size, used } of swaps) {
      const free = used <= size ? size - used : undefined;
      emit('usage', used, { 'system.paging.state': 'used', 'system.device': name });
      emit('usage', free, { 'system.paging.state': 'free', 'system.device': name });
    }
  },
});

/** `pgfault` counts all. On a machine that has just been started it can be behind: see {@link neverBack}. */
export function pagingOf(events: Vmstat, swaps: readonly Swap[]): Paging {
  const { pgfault, pgmajfault } = events;
  const minor = pgfault === undefined || pgmajfault === undefined ? undefined : pgfault - pgmajfault;
  return { events, minor: minor !== undefined && minor >= 0 ? minor : undefined, swaps: byName(swaps) };
}

/**
 * The counts themselves never go back, but a major fault is counted when it begins to wait for the disk, and among all
 * faults when it is done, or never where its program is killed meanwhile. So their difference can fall, by as many as wait.
 * Where all faults fell too, the machine is another one (a snapshot that was restored).
 */
function neverBack(previous: Paging, { events, minor }: Paging): number | undefined {
  if (minor === undefined || previous.minor === undefined || minor >= previous.minor) return minor;
  const isAnother = (events.pgfault ?? 0) < (previous.events.pgfault ?? 0);
  return isAnother ? minor : previous.minor;
}

/** Areas of one name as one: two files that were deleted, or that lie in mounts which are not below our root. */
function byName(swaps: readonly Swap[]): readonly Swap[] {
  const found = new Map<string, Swap>();
  for (const swap of swaps) {
    const other = found.get(swap.name);
    found.set(swap.name, {
      name: swap.name,
      size: swap.size + (other?.size ?? 0),
      used: swap.used + (other?.used ?? 0),
    });
  }
  return [...found.values()];
}
