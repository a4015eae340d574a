import { parseNumber } from '../kernel/bytes.ts';
import { defineSource, type Source } from '../source.ts';

interface DiskSize {
  readonly name: string;
  readonly bytes: number;
}

const BLOCK = '/sys/class/block';

/** A source of its own, since it reads a file for each disk and nobody wants that unless he asks for it. */
export const diskSize: Source<readonly DiskSize[]> = defineSource({
  name: 'disk-size',
  since: 'unknown',
  period: 60_000,
  metrics: {
    limit: {
      name: 'system.disk.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Size of the disk or of a part of it.',
      from: '/sys/class/block/*/size (sectors) × 512',
      attributes: { 'system.device': 'string' },
      isOptIn: true,
    },
  },
  read: (host) =>
    host.list(BLOCK)?.flatMap((entry) => {
      const sectors = host.readOnce(`${BLOCK}/${entry}/size`, parseNumber);
      // A name in sysfs has no slash: "cciss!c0d0" is cciss/c0d0 in /dev and in /proc/diskstats.
      return sectors === undefined ? [] : [{ name: entry.replaceAll('!', '/'), bytes: sectors * 512 }];
    }),
  observe(disks, emit) {
    for (const { name, bytes } of disks) emit('limit', bytes, { 'system.device': name });
  },
});
