// Every source, in words. A new one is one file and one line here.

import { container } from './cgroup/container.ts';
import { cpu } from './host/cpu.ts';
import { load } from './host/load.ts';
import { memory } from './host/memory.ts';
import { uptime } from './host/uptime.ts';
import type { Source } from './source.ts';

export const sources: readonly Source[] = [cpu, load, memory, uptime, container];
