import { type DiskStats, parseDiskstats } from '../kernel/diskstats.ts';
import { defineSource, type Source } from '../source.ts';

const DIRECTIONS = ['read', 'write'] as const;
const device = { 'system.device': 'string' } as const;
const directed = { 'system.device': 'string', 'disk.io.direction': DIRECTIONS } as const;

/** /proc/diskstats counts in these, also on disks whose sectors are larger. */
const SECTOR = 512;

/**
 * All disks and their parts; what is exported by default are whole disks. Milliseconds have 32 bits in the kernel and
 * start again at zero after 50 days: they are left so. A value that goes back is another counter for the exporters, so
 * one interval is lost; counted on from memory, it would fall by 50 days when the agent is started again, and a reader
 * that takes a fall for a restart from zero would see weeks of work in one interval.
 */
export const disk: Source<readonly DiskStats[]> = defineSource({
  name: 'disk',
  since: 'unknown',
  metrics: {
    io: {
      name: 'system.disk.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description: 'Bytes that were transferred.',
      from: '/proc/diskstats, fields 6 and 10 (sectors) × 512',
      attributes: directed,
    },
    operations: {
      name: 'system.disk.operations',
      kind: 'counter',
      unit: '{operation}',
      value: 'int',
      description: 'Transfers that were completed.',
      from: '/proc/diskstats, fields 4 and 8',
      attributes: directed,
    },
    merged: {
      name: 'system.disk.merged',
      kind: 'counter',
      unit: '{operation}',
      value: 'int',
      description: 'Requests that were joined with a neighbouring one into one transfer.',
      from: '/proc/diskstats, fields 5 and 9',
      attributes: directed,
    },
    operationTime: {
      name: 'system.disk.operation_time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'How long all transfers took, added up; those at the same time count each.',
      from: '/proc/diskstats, fields 7 and 11 (milliseconds)',
      attributes: directed,
    },
    ioTime: {
      name: 'system.disk.io_time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Time in which there was at least one transfer.',
      from: '/proc/diskstats, field 13 (milliseconds)',
      attributes: device,
    },
    weightedIoTime: {
      name: 'system.disk.weighted_io_time',
      kind: 'counter',
      unit: 's',
      value: 'double',
      description: 'Time in which there was a transfer, times how many there were.',
      from: '/proc/diskstats, field 14 (milliseconds)',
      attributes: device,
    },
    pending: {
      name: 'system.disk.pending_operations',
      kind: 'updowncounter',
      unit: '{operation}',
      value: 'int',
      description: 'Transfers that have begun and not ended.',
      from: '/proc/diskstats, field 12',
      attributes: device,
      isOptIn: true,
    },
  },
  read: (host) => host.read('/proc/diskstats', parseDiskstats),
  observe(disks, emit) {
    for (const { name, pending, busyMilliseconds, weightedMilliseconds, ...transfers } of disks) {
      for (const direction of DIRECTIONS) {
        const { operations, merged, sectors, milliseconds } = transfers[direction];
        const attributes = { 'system.device': name, 'disk.io.direction': direction };
        emit('io', sectors * SECTOR, attributes);
        emit('operations', operations, attributes);
        emit('merged', merged, attributes);
        emit('operationTime', seconds(milliseconds), attributes);
      }
      const attributes = { 'system.device': name };
      emit('ioTime', seconds(busyMilliseconds), attributes);
      emit('weightedIoTime', seconds(weightedMilliseconds), attributes);
      emit('pending', pending, attributes);
    }
  },
});

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
