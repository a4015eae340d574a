import { defineSource, type Host, type Source } from '../source.ts';
import type { CpuLimit, Limits, MemoryLimit } from '../cgroup/limits.ts';
import { MIB, type PlatformLimits } from './limits.ts';

/**
 * What Slurm gave the own job step on this node, by its variables: also where it holds nobody to it (without
 * task/cgroup). The shell of salloc has the job's variables too and runs elsewhere, outside of the job; only what
 * slurmstepd started is told the CPUs of its node. Those are the step's, which may be less than the job's; the memory is
 * the job's or the step's, so that the step's cgroup may be tighter.
 */
export const slurm: Source<PlatformLimits> = defineSource({
  name: 'slurm',
  since: 'unknown',
  isTicked: true,
  metrics: {
    cpuLimit: {
      name: 'jobmeter.slurm.cpu.limit',
      kind: 'updowncounter',
      unit: '{cpu}',
      value: 'double',
      description: 'CPUs of this node that Slurm gave to the own job step.',
      from: 'SLURM_CPUS_ON_NODE',
    },
    memoryLimit: {
      name: 'jobmeter.slurm.memory.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Memory of this node that Slurm gave to the own job; absent where that is all of it.',
      from: 'SLURM_MEM_PER_NODE, else SLURM_MEM_PER_CPU × SLURM_CPUS_ON_NODE; in MiB',
    },
  },
  read(host) {
    const cpus = readAmount(host, 'SLURM_CPUS_ON_NODE');
    if (cpus === undefined || host.environment('SLURM_JOB_ID') === undefined) return undefined;
    return { cpu: cpuLimits(cpus), memory: memoryLimits(host, cpus) };
  },
  observe({ cpu, memory }, emit) {
    emit('cpuLimit', cpu === 'unknown' ? undefined : cpu[0]?.value);
    emit('memoryLimit', memory === 'unknown' ? undefined : memory[0]?.value);
  },
});

type Amount = number | 'unknown';

function cpuLimits(cpus: Amount): Limits<CpuLimit> {
  if (cpus === 'unknown') return 'unknown';
  return cpus === 0 ? [] : [{ value: cpus, source: 'slurm', file: 'SLURM_CPUS_ON_NODE' }];
}

/** Zero is all memory of the node. */
function memoryLimits(host: Host, cpus: Amount): Limits<MemoryLimit> {
  const perNode = readAmount(host, 'SLURM_MEM_PER_NODE');
  const perCpu = perNode === undefined ? readAmount(host, 'SLURM_MEM_PER_CPU') : undefined;
  const amount = perNode ?? perCpu;
  if (amount === undefined || amount === 0) return [];
  if (amount === 'unknown' || (perCpu !== undefined && cpus === 'unknown')) return 'unknown';
  const count = perCpu === undefined ? 1 : Number(cpus);
  const file = perCpu === undefined ? 'SLURM_MEM_PER_NODE' : 'SLURM_MEM_PER_CPU × SLURM_CPUS_ON_NODE';
  return count === 0 ? [] : [{ value: amount * count * MIB, source: 'slurm', file }];
}

/** Undefined without the variable; "unknown" where it holds anything but a whole number. */
function readAmount(host: Host, name: string): Amount | undefined {
  if (host.environment(name) === undefined) return undefined;
  return host.environment(name, parseAmount) ?? 'unknown';
}

function parseAmount(text: string): number {
  if (!/^\s*\d{1,12}\s*$/.test(text)) {
    throw new Error(`expected a whole number, found ${JSON.stringify(text.slice(0, 40))}`);
  }
  return Number(text);
}
