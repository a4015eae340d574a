import { closeSync, constants, openSync, statfsSync, writeSync } from 'node:fs';

/**
 * Open files that show the highest value since they were reset, which whoever has one open does for himself alone
 * (memory.peak of cgroup v2, Linux 6.12 and later).
 */
export interface Peaks {
  /** What it was since the last call, and starts anew; undefined at first, and where nobody may. Throws what `parse` does. */
  read(file: string, now: number, parse: (fd: number) => number): number | undefined;
  /** Closes those that were not read since `time`. */
  forget(time: number): void;
}

export function keepPeaks(): Peaks {
  /** Without a descriptor where the kernel lets nobody reset it: that is tried again when it was forgotten. */
  const kept = new Map<string, { readonly fd: number | undefined; used: number }>();

  function drop(file: string): void {
    const fd = kept.get(file)?.fd;
    if (fd !== undefined) closeSync(fd);
    kept.delete(file);
  }

  return {
    read(file, now, parse) {
      const peak = kept.get(file);
      if (peak === undefined) kept.set(file, { fd: openPeak(file), used: now });
      if (peak?.fd === undefined) return undefined;
      peak.used = now;
      try {
        const value = parse(peak.fd);
        writeSync(peak.fd, RESET);
        return value;
      } catch (error) {
        drop(file);
        throw error;
      }
    },
    forget(time) {
      for (const [file, { used }] of kept) if (used < time) drop(file);
    },
  };
}

/** What is written does not matter, that something is does (cgroup-v2.rst, memory.peak). */
const RESET = new TextEncoder().encode('reset\n');

/** CGROUP2_SUPER_MAGIC (linux/magic.h). */
const CGROUP2 = 0x63677270;

/** Older kernels refuse to reset it, and in most containers nothing of cgroups may be written. */
function openPeak(file: string): number | undefined {
  let fd: number | undefined;
  try {
    // Anywhere else writing would change something.
    if (statfsSync(file).type !== CGROUP2) return undefined;
    fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(fd, RESET);
    return fd;
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}
