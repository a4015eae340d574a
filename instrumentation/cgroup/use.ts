// What both versions of cgroups tell of use.

import type { Limits, MemoryLimit } from './limits.ts';

/** CPU time in seconds. What could not be read is absent; that there is a cgroup is known all the same. */
export interface ContainerCpu {
  readonly path: string;
  /** All of it, as exact as the kernel knows. */
  readonly usage?: number | undefined;
  readonly user?: number | undefined;
  readonly system?: number | undefined;
}

/** What memory.stat of v2 says memory is used for, in its words. They overlap: shmem is in file, slab_* in kernel. */
export const MEMORY_STATES = [
  'anon',
  'file',
  'shmem',
  'file_mapped',
  'file_dirty',
  'file_writeback',
  'kernel',
  'kernel_stack',
  'pagetables',
  'percpu',
  'slab_reclaimable',
  'slab_unreclaimable',
  'sock',
] as const;

export type MemoryStat = Readonly<Partial<Record<(typeof MEMORY_STATES)[number], number | undefined>>>;

/** A fault is major where the page had to be read from a disk. */
export interface PageFaults {
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
}

/** Bytes. */
export interface ContainerMemory {
  readonly path: string;
  readonly usage?: number | undefined;
  /** Usage less file pages that nobody used for a while: what is left when the kernel needs memory. */
  readonly workingSet?: number | undefined;
  /** The highest usage since the last reading; only v2 from Linux 6.12 on, where files of cgroups may be written. */
  readonly tickPeak?: number | undefined;
  readonly stat?: MemoryStat | undefined;
  readonly faults?: PageFaults | undefined;
  readonly limits: Limits<MemoryLimit>;
  /** The limit of this very cgroup, which no other one has a part of; Infinity or absent without one. */
  readonly ownLimit?: number | undefined;
}

/** As the kubelet counts it. The two numbers are not of one moment: their difference can come out below zero. */
export function workingSet(usage: number | undefined, inactiveFile: number | undefined): number | undefined {
  return usage === undefined || inactiveFile === undefined ? undefined : Math.max(0, usage - inactiveFile);
}

/** The kernel counts all faults, and of these the major ones once more. */
export function pageFaults(all: number | undefined, major: number | undefined): PageFaults {
  return { major, minor: all === undefined || major === undefined || major > all ? undefined : all - major };
}

/**
 * `current`, with no fewer minor faults than before. A fault that is still going on may be counted as major and not yet
 * among all: then the difference goes back for a moment, though neither count does.
 */
export function minorNeverBack(previous: ContainerMemory, current: ContainerMemory): ContainerMemory {
  const { faults: before } = previous;
  const { faults: now } = current;
  if (previous.path !== current.path || before?.minor === undefined || now?.minor === undefined) return current;
  const isSlip = now.minor < before.minor && now.major! >= before.major! && before.minor - now.minor < 1000;
  return isSlip ? { ...current, faults: { ...now, minor: before.minor } } : current;
}
