import type { Bytes } from './bytes.ts';
import { keyed } from './keyed.ts';

/** Events since the machine was started, in base pages where they move pages: the lines that jobmeter uses. */
export type Vmstat = Readonly<Partial<Record<(typeof KEYS)[number], number>>>;

const KEYS = ['pgfault', 'pgmajfault', 'pswpin', 'pswpout', 'oom_kill'] as const;

/** Parses /proc/vmstat (proc_vmstat(5)). `oom_kill` exists since Linux 4.13, those of swap where the kernel can swap. */
export const parseVmstat: (bytes: Bytes) => Vmstat = keyed(KEYS);
