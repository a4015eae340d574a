// What both versions of cgroups tell of use.

import type { Limits } from './limits.ts';

/** CPU time in seconds. What could not be read is absent; that there is a cgroup is known all the same. */
export interface ContainerCpu {
  readonly path: string;
  /** All of it, as exact as the kernel knows. */
  readonly usage?: number | undefined;
  readonly user?: number | undefined;
  readonly system?: number | undefined;
}

/** Bytes. */
export interface ContainerMemory {
  readonly path: string;
  readonly usage?: number | undefined;
  /** Usage less file pages that nobody used for a while: what is left when the kernel needs memory. */
  readonly workingSet?: number | undefined;
  readonly limits: Limits;
}

/** As the kubelet counts it. The two numbers are not of one moment: their difference can come out below zero. */
export function workingSet(usage: number | undefined, inactiveFile: number | undefined): number | undefined {
  return usage === undefined || inactiveFile === undefined ? undefined : Math.max(0, usage - inactiveFile);
}
