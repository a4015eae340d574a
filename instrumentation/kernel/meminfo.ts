import { type Bytes, ParseError } from './bytes.ts';
import { keyed } from './keyed.ts';

const IN_BYTES = [
  'MemTotal',
  'MemFree',
  'MemAvailable',
  'Buffers',
  'Cached',
  'Shmem',
  'SReclaimable',
  'SUnreclaim',
  'Hugepagesize',
] as const;

const IN_PAGES = ['HugePages_Total', 'HugePages_Free', 'HugePages_Rsvd', 'HugePages_Surp'] as const;

/** The lines of /proc/meminfo that jobmeter uses (proc_meminfo(5)): in bytes, and those of huge pages in such pages. */
export type Meminfo = Readonly<Partial<Record<(typeof IN_BYTES)[number] | (typeof IN_PAGES)[number], number>>>;

const parse = keyed(IN_BYTES, 'kB', IN_PAGES);

/** Parses /proc/meminfo. `MemAvailable` exists since Linux 3.14, `Shmem` since 2.6.32, `SReclaimable` since 2.6.19. */
export function parseMeminfo(bytes: Bytes): Meminfo {
  const info = parse(bytes);
  for (const key of IN_BYTES) {
    const kib = info[key];
    if (kib === undefined) continue;
    // lxcfs subtracts: free memory of a container that uses more than its limit is a little below 2^64 there.
    if (kib >= 2 ** 54) throw new ParseError(`${key} below 2^64 bytes`, bytes);
    // The kernel's "kB" are 1024 bytes.
    info[key] = kib * 1024;
  }
  return info;
}
