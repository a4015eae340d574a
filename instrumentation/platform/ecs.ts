import type { Bytes } from '../kernel/bytes.ts';
import { defineSource, type Source } from '../source.ts';
import { type EcsLimits, parseEcsLimits } from './ecs-metadata.ts';
import type { PlatformLimits } from './limits.ts';

/** Milliseconds. */
const PERIOD = 60_000;

/**
 * The limits of the own task and container in Amazon ECS and on Fargate, from the task metadata endpoint. On Fargate
 * nothing else tells them: the kernel is that of a virtual machine that is larger than the task, and the cgroup says "max".
 * Until both have answered they are unknown: what the kernel shows would be too much.
 */
export const ecs: Source<PlatformLimits> = defineSource({
  name: 'ecs',
  since: 'unknown',
  isTicked: true,
  metrics: {
    taskCpuLimit: {
      name: 'jobmeter.ecs.task.cpu.limit',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'double',
      description: 'CPUs that all containers of the own ECS task together can use at most; absent without a limit.',
      from: 'ECS task metadata, /task: Limits.CPU',
    },
    taskMemoryLimit: {
      name: 'jobmeter.ecs.task.memory.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory that all containers of the own ECS task together can use at most; absent without a limit.',
      from: 'ECS task metadata, /task: Limits.Memory',
    },
  },
  read(host) {
    const address = host.environment('ECS_CONTAINER_METADATA_URI_V4')?.replace(/\/+$/, '');
    if (address === undefined) return undefined;
    const task = host.ask(`${address}/task`, PERIOD, limitsOf);
    const own = host.ask(address, PERIOD, limitsOf);
    const file = 'limit of the ECS task';
    return {
      cpu: task === undefined ? 'unknown' : found({ source: 'ecs_task', file }, task.cpu),
      memory:
        task === undefined || own === undefined
          ? 'unknown'
          : [
              ...found({ source: 'ecs_task', file } as const, task.memory),
              ...found({ source: 'ecs_container', file: 'limit of the ECS container' } as const, own.memory),
            ],
    };
  },
  /** A task keeps its limits for life: what was told once stays true while the endpoint is silent. */
  settle: (previous, current) => ({
    cpu: current.cpu === 'unknown' ? previous.cpu : current.cpu,
    memory: current.memory === 'unknown' ? previous.memory : current.memory,
  }),
  observe({ cpu, memory }, emit) {
    emit('taskCpuLimit', ofTask(cpu));
    emit('taskMemoryLimit', ofTask(memory));
  },
});

function found<L extends object>(limit: L, value: number | undefined): readonly (L & { readonly value: number })[] {
  return value === undefined ? [] : [{ ...limit, value }];
}

function ofTask(limits: PlatformLimits['cpu'] | PlatformLimits['memory']): number | undefined {
  return limits === 'unknown' ? undefined : limits.find(({ source }) => source === 'ecs_task')?.value;
}

const parsed = new WeakMap<Bytes, () => EcsLimits>();

/** An answer is the same bytes at every tick until a newer one comes: it is parsed once. */
function limitsOf(answer: Bytes): EcsLimits {
  let outcome = parsed.get(answer);
  if (outcome === undefined) {
    outcome = outcomeOf(answer);
    parsed.set(answer, outcome);
  }
  return outcome();
}

/** What comes of parsing it, for as often as it is asked for. */
function outcomeOf(answer: Bytes): () => EcsLimits {
  try {
    const limits = parseEcsLimits(answer);
    return () => limits;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
