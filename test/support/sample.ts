// Samples with made readings, for what is derived from them.

import { type Container, container } from '../../instrumentation/cgroup/container.ts';
import { cpu } from '../../instrumentation/host/cpu.ts';
import { type HostMemory, memory } from '../../instrumentation/host/memory.ts';
import { ecs } from '../../instrumentation/platform/ecs.ts';
import type { PlatformLimits } from '../../instrumentation/platform/limits.ts';
import { slurm } from '../../instrumentation/platform/slurm.ts';
import type { Source } from '../../instrumentation/source.ts';
import type { Reading } from '../../src/runner.ts';
import type { Sample } from '../../src/sampler.ts';

export interface World {
  readonly busy?: number;
  readonly count?: number;
  readonly memory?: HostMemory;
  readonly container?: Partial<Container>;
  readonly ecs?: PlatformLimits;
  readonly slurm?: PlatformLimits;
}

/** A sample taken `at` seconds after the start. */
export function sample(at: number, world: World, slot: number = at): Sample {
  const reading = <S>(source: Source<S>, snapshot: S): [Source, Reading] => [
    source,
    { snapshot, at: at * 1000, wall: at * 1000 },
  ];
  const time = { user: world.busy ?? 0, nice: 0, system: 0, idle: 0, interrupt: 0 };
  const readings = [reading(cpu, { time, count: world.count ?? 4 })];
  if (world.memory) readings.push(reading(memory, world.memory));
  if (world.container)
    readings.push(reading(container, { quotas: [], cpuLimits: [], isHidden: false, ...world.container }));
  if (world.ecs) readings.push(reading(ecs, world.ecs));
  if (world.slurm) readings.push(reading(slurm, world.slurm));
  return { slot, wall: at * 1000, readings: new Map(readings) };
}
