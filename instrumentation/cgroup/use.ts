// What both versions of cgroups tell of use.

import type { Limit } from './limits.ts';

/** CPU time in seconds. */
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
  /** Finite limits, the ancestors' included. */
  readonly limits: readonly Limit[];
}

/** As the kubelet counts it. The two numbers are not of one moment: their difference can come out below zero. */
export function workingSet(usage: number, inactiveFile: number | undefined): number | undefined {
  return inactiveFile === undefined ? undefined : Math.max(0, usage - inactiveFile);
}
