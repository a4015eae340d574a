import { container } from '../instrumentation/cgroup/container.ts';
import { memory } from '../instrumentation/host/memory.ts';
import { type ConfiguredLimits, memoryLimit } from './limits.ts';
import { memoryUse } from './metered.ts';
import { readingOf, type Sample } from './sampler.ts';

/** Bytes that must be free before another process is started: twice what it takes. */
const CHILD_ROOM = 96 * 1024 * 1024;

/**
 * Whether the job loses nothing by another process: it is charged to the same cgroup, and has the same machine. What is
 * not known is no room.
 */
export function hasRoomForChild(sample: Sample | undefined, configured: ConfiguredLimits): boolean {
  // A limit that cannot be seen may hold.
  if (sample === undefined || readingOf(sample, container)?.snapshot.isHidden === true) return false;
  const { limit } = memoryLimit(sample, configured.memory) ?? {};
  const use = memoryUse(sample);
  if (limit === undefined || use === undefined) return false;
  // Of a limit that is shared (a pod's, a task's, a job's) others use a part that is not in our use.
  const own = readingOf(sample, container)?.snapshot.memory?.ownLimit;
  const isShared =
    ['ecs_task', 'slurm'].includes(limit.source) || (limit.source === 'cgroup_memory' && limit.value !== own);
  const available = readingOf(sample, memory)?.snapshot.available ?? 0;
  return !isShared && Math.min(limit.value - use.value, available) >= CHILD_ROOM;
}
