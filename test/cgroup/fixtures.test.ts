import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { container } from '../../instrumentation/cgroup/container.ts';
import { systemClock } from '../../src/clock.ts';
import { openKernelFiles } from '../../src/host.ts';
import { emitted } from '../support/emitted.ts';

const trees = path.join(import.meta.dirname, '../fixtures');
const SLICES = 'sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice';
const POD = `${SLICES}/kubepods-burstable-pod3f1c2a7e_5b60_4d0e_9c8a_71d2e4b6a905.slice`;
const SCOPE = `${POD}/cri-containerd-abb3990a715ad3f581d5d4f59f2b6d9029b2f426f9bd2ea86c66c15578a42490.scope`;

interface Situation {
  readonly name: string;
  /** Directories of the own cgroup. */
  readonly cpu?: string;
  readonly memory: string;
  readonly use: (tree: Tree, cpu: string, memory: string) => Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
  /** The tightest memory limit is that of the own cgroup, not of an ancestor. */
  readonly isOwnLimit?: true;
  /** What the CPU set holds, where it is not 2. */
  readonly cpus?: number;
}

const ROOT = 'sys/fs/cgroup';
const TASK = 'slurm/uid_1000/job_42/step_0/task_0';

const situations: readonly Situation[] = [
  {
    name: 'v2-container',
    cpu: ROOT,
    memory: ROOT,
    use: useV2,
    limits: { cpuLimit: 1.5, memoryLimit: 256 * 1024 ** 2 },
    isOwnLimit: true,
  },
  {
    name: 'kubernetes-v2',
    cpu: SCOPE,
    memory: SCOPE,
    use: useV2,
    // Both from the slice of the pod: the container's own files say 2 CPUs and "max".
    limits: { cpuLimit: 0.5, memoryLimit: 512 * 1024 ** 2 },
  },
  {
    name: 'v1-container',
    cpu: `${ROOT}/cpuacct`,
    memory: `${ROOT}/memory`,
    use: (tree, cpu, memory) => ({ ...cpuV1(tree, cpu), ...memoryV1(tree, memory) }),
    limits: { cpuLimit: 0.5, memoryLimit: 128 * 1024 ** 2 },
    isOwnLimit: true,
  },
  {
    // Of all controllers only memory has a cgroup for this session.
    name: 'hybrid-host',
    memory: `${ROOT}/memory/session/5955aaf360f5a2a73b3658853174e0ee`,
    use: (tree, _, memory) => memoryV1(tree, memory),
    limits: {},
  },
  ...['debian-5.10-v2', 'debian-6.12-v2', 'debian-7.3-v2'].map((name) => ({
    name,
    cpu: `${ROOT}/${TASK}`,
    memory: `${ROOT}/${TASK}`,
    use: useV2,
    // The job's quota, the step's memory, and one of two CPUs for the task.
    limits: { cpuLimit: 0.5, memoryLimit: 160 * 1024 ** 2 },
    cpus: 1,
  })),
  ...['debian-5.10-v1', 'debian-6.1-v1'].map((name) => ({
    name,
    cpu: `${ROOT}/cpu,cpuacct/${TASK}`,
    memory: `${ROOT}/memory/${TASK}`,
    use: (tree: Tree, cpu: string, memory: string) => ({ ...cpuV1(tree, cpu), ...memoryV1(tree, memory) }),
    // Both from the job.
    limits: { cpuLimit: 0.5, memoryLimit: 96 * 1024 ** 2 },
    cpus: 1,
  })),
];

for (const { name, cpu, memory, use, limits, isOwnLimit, cpus = 2 } of situations) {
  test(`${name}: limits and use are those that were captured`, (t) => {
    const [before, after] = [openTree(t, `${name}/0`), openTree(t, `${name}/1`)];
    for (const tree of [before, after]) {
      const { usage, ...expected } = use(tree, cpu ?? '', memory);
      const available = isOwnLimit && { memoryAvailable: limits['memoryLimit']! - expected['workingSet']! };
      assert.deepEqual(emitted(container, tree.snapshot), { ...expected, ...limits, ...available });
      assert.equal(tree.snapshot.cpu?.usage, usage);
      const { cpuLimits } = tree.snapshot;
      assert.ok(
        cpuLimits !== 'unknown' && cpuLimits.some(({ file, value }) => file.startsWith('cpuset') && value === cpus),
      );
      assert.deepEqual(tree.failures, []);
    }
    for (const key of ['usage', 'user', 'system'] as const) {
      const [from, to] = [before.snapshot.cpu?.[key], after.snapshot.cpu?.[key]];
      if (cpu === undefined) assert.equal(to, undefined);
      else assert.ok(from !== undefined && to !== undefined && to > from, `${key}: ${from} to ${to}`);
    }
  });
}

function useV2(tree: Tree, cpu: string, memory: string): Record<string, number> {
  const usage = tree.number(`${memory}/memory.current`);
  return {
    usage: tree.field(`${cpu}/cpu.stat`, 'usage_usec') / 1e6,
    'cpuTime user': tree.field(`${cpu}/cpu.stat`, 'user_usec') / 1e6,
    'cpuTime system': tree.field(`${cpu}/cpu.stat`, 'system_usec') / 1e6,
    memoryUsage: usage,
    workingSet: usage - tree.field(`${memory}/memory.stat`, 'inactive_file'),
    ...statOf(tree, memory, STATES_V2),
    ...faults(tree.field(`${memory}/memory.stat`, 'pgfault'), tree.field(`${memory}/memory.stat`, 'pgmajfault')),
  };
}

function cpuV1(tree: Tree, directory: string): Record<string, number> {
  return {
    usage: tree.number(`${directory}/cpuacct.usage`) / 1e9,
    'cpuTime user': tree.field(`${directory}/cpuacct.stat`, 'user') / 100,
    'cpuTime system': tree.field(`${directory}/cpuacct.stat`, 'system') / 100,
  };
}

function memoryV1(tree: Tree, directory: string): Record<string, number> {
  const usage = tree.number(`${directory}/memory.usage_in_bytes`);
  return {
    memoryUsage: usage,
    workingSet: usage - tree.field(`${directory}/memory.stat`, 'total_inactive_file'),
    ...statOf(tree, directory, STATES_V1),
    ...faults(
      tree.field(`${directory}/memory.stat`, 'total_pgfault'),
      tree.field(`${directory}/memory.stat`, 'total_pgmajfault'),
    ),
  };
}

/** jobmeter's words for what memory is used for, and the kernel's. */
const STATES_V2: Readonly<Record<string, string>> = Object.fromEntries(
  [
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
  ].map((state) => [state, state]),
);
const STATES_V1: Readonly<Record<string, string>> = {
  anon: 'total_rss',
  file: 'total_cache',
  shmem: 'total_shmem',
  file_mapped: 'total_mapped_file',
  file_dirty: 'total_dirty',
  file_writeback: 'total_writeback',
};

function statOf(tree: Tree, directory: string, states: typeof STATES_V1): Record<string, number> {
  const stat = Object.entries(states).map(([state, key]) => {
    return [`memoryStat ${state}`, tree.field(`${directory}/memory.stat`, key)] as const;
  });
  // Older kernels do not say all of it.
  return { memoryRss: stat[0]![1], ...Object.fromEntries(stat.filter(([, value]) => !Number.isNaN(value))) };
}

function faults(all: number, major: number): Record<string, number> {
  return { 'pagingFaults major': major, 'pagingFaults minor': all - major };
}

/** A captured tree, and its files read in the simplest way that there is. */
interface Tree {
  readonly snapshot: NonNullable<ReturnType<typeof container.read>>;
  readonly failures: readonly unknown[];
  number(file: string): number;
  field(file: string, key: string): number;
}

function openTree(t: TestContext, name: string): Tree {
  const root = path.join(trees, name);
  const files = openKernelFiles(root, systemClock);
  t.after(files.close);
  const snapshot = container.read(files.host);
  assert.ok(snapshot);
  const text = (file: string) => readFileSync(path.join(root, file), 'utf8');
  return {
    snapshot,
    failures: files.takeFailures(),
    number: (file) => Number(text(file)),
    field: (file, key) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text(file))?.[1]),
  };
}
