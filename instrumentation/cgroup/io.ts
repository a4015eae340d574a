import { parseBlkio } from '../kernel/blkio.ts';
import { parseDeviceNames } from '../kernel/device-names.ts';
import { parseIoStat } from '../kernel/io-stat.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { type Cgroup, containerOnly, discover } from './discover.ts';

interface Count {
  readonly device: string;
  readonly read?: number | undefined;
  readonly write?: number | undefined;
}

interface Counts {
  readonly bytes: readonly Count[];
  readonly operations: readonly Count[];
}

export interface ContainerIo extends Counts {
  readonly path: string;
}

const DIRECTIONS = ['read', 'write'] as const;
const attributes = { 'disk.io.direction': DIRECTIONS, 'system.device': 'string' } as const;

/** What the own cgroup read from and wrote to block devices; what the page cache answers is not in it. */
export const containerIo: Source<ContainerIo> = defineSource({
  name: 'container-io',
  since: 'unknown',
  metrics: {
    bytes: {
      name: 'container.disk.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description: 'Bytes that the own cgroup transferred. A device on top of another one (dm, md) counts in both.',
      from: 'v2 io.stat: rbytes, wbytes; v1 blkio.throttle.io_service_bytes_recursive, without writes that the page cache put off',
      attributes,
      // The kernel lists devices that the cgroup has used.
      isZeroIfAbsent: true,
    },
    operations: {
      name: 'jobmeter.container.disk.operations',
      kind: 'counter',
      unit: '{operation}',
      value: 'int',
      description: 'Transfers of the own cgroup. A device on top of another one (dm, md) counts in both.',
      from: 'v2 io.stat: rios, wios; v1 blkio.throttle.io_serviced_recursive, without writes that the page cache put off',
      attributes,
      isZeroIfAbsent: true,
    },
  },
  read(host) {
    const own = discover(host);
    const cgroup = containerOnly(own?.blkio ?? own?.unified);
    const found = cgroup && (cgroup.version === 1 ? readV1 : readV2)(host, cgroup);
    if (cgroup === undefined || found === undefined) return undefined;
    // By these names system.disk.* has them too; one that has no name there keeps its number.
    const names = host.read('/proc/diskstats', parseDeviceNames);
    const named = (counts: readonly Count[]) =>
      counts.map((count) => ({ ...count, device: names?.get(count.device) ?? count.device }));
    return { path: cgroup.path, bytes: named(found.bytes), operations: named(found.operations) };
  },
  identity: ({ path }) => path,
  observe(counts, emit) {
    for (const metric of ['bytes', 'operations'] as const) {
      for (const { device, ...count } of counts[metric]) {
        for (const direction of DIRECTIONS) {
          emit(metric, count[direction], { 'disk.io.direction': direction, 'system.device': device });
        }
      }
    }
  },
});

/** Only the own cgroup: an ancestor for which the controller is enabled counts what others did as well. */
function readV2(host: Host, { directories: [directory] }: Cgroup): Counts | undefined {
  const devices = host.read(`${directory}/io.stat`, parseIoStat);
  return (
    devices && {
      bytes: devices.map(({ device, readBytes: read, writtenBytes: write }) => ({ device, read, write })),
      operations: devices.map(({ device, reads: read, writes: write }) => ({ device, read, write })),
    }
  );
}

function readV1(host: Host, cgroup: Cgroup): Counts | undefined {
  const bytes = countsV1(host, cgroup, 'io_service_bytes');
  const operations = countsV1(host, cgroup, 'io_serviced');
  return bytes === undefined && operations === undefined
    ? undefined
    : { bytes: bytes ?? [], operations: operations ?? [] };
}

/** Older kernels have no file that counts the cgroups below too. */
function countsV1(host: Host, { directories: [directory] }: Cgroup, file: string): readonly Count[] | undefined {
  const path = `${directory}/blkio.throttle.${file}`;
  const recursive = `${path}_recursive`;
  return host.read(host.exists(recursive) ? recursive : path, parseBlkio);
}
