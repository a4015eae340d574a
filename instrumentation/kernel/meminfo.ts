import { type Bytes, ParseError } from './bytes.ts';
import { keyed } from './keyed.ts';

/** The lines of /proc/meminfo that jobmeter uses (proc_meminfo(5)), in bytes. */
export type Meminfo = Readonly<
  Partial<Record<'MemTotal' | 'MemFree' | 'MemAvailable' | 'Buffers' | 'Cached' | 'SReclaimable', number>>
>;

const parse = keyed(['MemTotal', 'MemFree', 'MemAvailable', 'Buffers', 'Cached', 'SReclaimable'], 'kB');

/** Parses /proc/meminfo. `MemAvailable` exists since Linux 3.14, `SReclaimable` since 2.6.19. */
export function parseMeminfo(bytes: Bytes): Meminfo {
  const info = parse(bytes);
  for (const [key, kib] of Object.entries(info)) {
    // lxcfs subtracts: free memory of a container that uses more than its limit is a little below 2^64 there.
    if (kib >= 2 ** 54) throw new ParseError(`${key} below 2^64 bytes`, bytes);
    // The kernel's "kB" are 1024 bytes.
    info[key as keyof Meminfo] = kib * 1024;
  }
  return info;
}
