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
}

const ROOT = 'sys/fs/cgroup';

const situations: readonly Situation[] = [
  {
    name: 'v2-container',
    cpu: ROOT,
    memory: ROOT,
    use: useV2,
    limits: { cpuLimit: 1.5, memoryLimit: 256 * 1024 ** 2 },
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
  },
  {
    // Of all controllers only memory has a cgroup for this session.
    name: 'hybrid-host',
    memory: `${ROOT}/memory/session/5955aaf360f5a2a73b3658853174e0ee`,
    use: (tree, _, memory) => memoryV1(tree, memory),
    limits: {},
  },
];

for (const { name, cpu, memory, use, limits } of situations) {
  test(`${name}: limits and use are those that were captured`, (t) => {
    const [before, after] = [openTree(t, `${name}/0`), openTree(t, `${name}/1`)];
    for (const tree of [before, after]) {
      const { usage, ...expected } = use(tree, cpu ?? '', memory);
      assert.deepEqual(emitted(container, tree.snapshot), { ...expected, ...limits });
      assert.equal(tree.snapshot.cpu?.usage, usage);
      const { cpuLimits } = tree.snapshot;
      assert.ok(
        cpuLimits !== 'unknown' && cpuLimits.some(({ file, value }) => file.startsWith('cpuset') && value === 2),
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
  };
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
