// What the sources beside `container` say of the captured trees, against the files themselves.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { containerCpu } from '../../instrumentation/cgroup/cpu.ts';
import { containerIo } from '../../instrumentation/cgroup/io.ts';
import { containerMemory } from '../../instrumentation/cgroup/memory.ts';
import { containerPids } from '../../instrumentation/cgroup/pids.ts';
import { containerPressure } from '../../instrumentation/cgroup/pressure.ts';
import { systemClock } from '../../src/clock.ts';
import { type KernelFiles, openKernelFiles } from '../../src/host.ts';
import { failuresOf, identityOf, numbersOf } from './trees.ts';

const trees = path.join(import.meta.dirname, '../fixtures');
const ROOT = 'sys/fs/cgroup';
const POD = `${ROOT}/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod3f1c2a7e_5b60_4d0e_9c8a_71d2e4b6a905.slice`;
const SCOPE = `${POD}/cri-containerd-abb3990a715ad3f581d5d4f59f2b6d9029b2f426f9bd2ea86c66c15578a42490.scope`;
const SESSION = `${ROOT}/memory/session/5955aaf360f5a2a73b3658853174e0ee`;

type Numbers = Readonly<Record<string, number>>;

interface Tree extends KernelFiles {
  /** The number behind `key` in a file, "key number" or "key=number"; without a key, the file’s only number. */
  number(file: string, key?: string): number;
}

function openTree(t: TestContext, name: string): Tree {
  const root = path.join(trees, name);
  const kernel = openKernelFiles(root, systemClock);
  t.after(kernel.close);
  return {
    ...kernel,
    number(file, key) {
      const text = readFileSync(path.join(root, file), 'utf8');
      const found = key === undefined ? text.trim() : new RegExp(`(?:^|\\s)${key}[ =](\\d+)`).exec(text)?.[1];
      assert.match(found ?? '', /^\d+$/, `${key} in ${file}`);
      return Number(found);
    },
  };
}

function quotaV2(tree: Tree, level: number, directory: string): Numbers {
  const field = (key: string) => tree.number(`${directory}/cpu.stat`, key);
  return {
    [`periods ${level}`]: field('nr_periods'),
    [`throttledPeriods ${level}`]: field('nr_throttled'),
    [`throttledTime ${level}`]: field('throttled_usec') / 1e6,
    [`burstPeriods ${level}`]: field('nr_bursts'),
    [`burstTime ${level}`]: field('burst_usec') / 1e6,
    [`burstLimit ${level}`]: tree.number(`${directory}/cpu.max.burst`) / 1e6,
  };
}

function quotaV1(tree: Tree, directory: string): Numbers {
  const field = (key: string) => tree.number(`${directory}/cpu.stat`, key);
  return {
    'periods 0': field('nr_periods'),
    'throttledPeriods 0': field('nr_throttled'),
    'throttledTime 0': field('throttled_time') / 1e9,
    'burstPeriods 0': field('nr_bursts'),
    'burstTime 0': field('burst_time') / 1e9,
    'burstLimit 0': tree.number(`${directory}/cpu.cfs_burst_us`) / 1e6,
    heldBack: tree.number(`${directory}/cpu.stat.local`, 'throttled_time') / 1e9,
  };
}

function memoryV2(tree: Tree, directory: string): Numbers {
  const events = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'].map((event) => {
    return [`events ${event}`, tree.number(`${directory}/memory.events`, event)];
  });
  return {
    peak: tree.number(`${directory}/memory.peak`),
    swap: tree.number(`${directory}/memory.swap.current`),
    ...Object.fromEntries(events),
  };
}

function memoryV1(tree: Tree, directory: string): Numbers {
  return {
    peak: tree.number(`${directory}/memory.max_usage_in_bytes`),
    swap: tree.number(`${directory}/memory.stat`, 'total_swap'),
    'events max': tree.number(`${directory}/memory.failcnt`),
    'events oom_kill': tree.number(`${directory}/memory.oom_control`, 'oom_kill'),
  };
}

function ioV2(tree: Tree, directory: string): Numbers {
  const field = (key: string) => tree.number(`${directory}/io.stat`, key);
  return {
    'bytes read vda': field('rbytes'),
    'bytes write vda': field('wbytes'),
    'operations read vda': field('rios'),
    'operations write vda': field('wios'),
  };
}

function ioV1(tree: Tree, directory: string): Numbers {
  const field = (file: string, key: string) => tree.number(`${directory}/blkio.throttle.${file}_recursive`, key);
  return {
    'bytes read vda': field('io_service_bytes', '254:0 Read'),
    'bytes write vda': field('io_service_bytes', '254:0 Write'),
    'operations read vda': field('io_serviced', '254:0 Read'),
    'operations write vda': field('io_serviced', '254:0 Write'),
  };
}

function pids(tree: Tree, directory: string, limit?: number): Numbers {
  return {
    count: tree.number(`${directory}/pids.current`),
    events: tree.number(`${directory}/pids.events`, 'max'),
    ...(limit !== undefined && { limit }),
  };
}

/** Seconds of stall: of the shares a test of the parser and of the source says enough. */
function pressures(tree: Tree, directory: string): Numbers {
  const totals = ['cpu', 'memory', 'io'].flatMap((resource) => {
    const text = readFileSync(path.join(tree.host.root, directory, `${resource}.pressure`), 'utf8');
    return Array.from(text.matchAll(/^(some|full) .* total=(\d+)$/gm), ([, type, total]) => {
      return [`${resource}.total ${type}`, Number(total) / 1e6] as const;
    });
  });
  assert.equal(totals.length, 6);
  return Object.fromEntries(totals);
}

interface Expected {
  readonly cpu: Numbers;
  readonly memory: Numbers;
  readonly io: Numbers;
  readonly pids: Numbers;
  readonly pressure: Numbers;
}

const situations: Readonly<Record<string, (tree: Tree) => Expected>> = {
  'v2-container': (tree) => ({
    cpu: { ...quotaV2(tree, 0, ROOT), cpuset: 2 },
    memory: memoryV2(tree, ROOT),
    io: ioV2(tree, ROOT),
    pids: pids(tree, ROOT, 512),
    pressure: pressures(tree, ROOT),
  }),
  'kubernetes-v2': (tree) => ({
    // The container’s own quota never stops it, the pod’s does.
    cpu: { ...quotaV2(tree, 0, SCOPE), ...quotaV2(tree, 1, POD), cpuset: 2 },
    memory: memoryV2(tree, SCOPE),
    io: ioV2(tree, SCOPE),
    pids: pids(tree, SCOPE),
    pressure: pressures(tree, SCOPE),
  }),
  'v1-container': (tree) => ({
    cpu: { ...quotaV1(tree, `${ROOT}/cpu`), cpuset: 2 },
    memory: memoryV1(tree, `${ROOT}/memory`),
    io: ioV1(tree, `${ROOT}/blkio`),
    pids: pids(tree, `${ROOT}/pids`, 512),
    pressure: {},
  }),
  // Of all controllers only memory has a cgroup for this session, and in v2 it is in the root.
  'hybrid-host': (tree) => ({ cpu: {}, memory: memoryV1(tree, SESSION), io: {}, pids: {}, pressure: {} }),
};

for (const [name, expected] of Object.entries(situations)) {
  suite(name, () => {
    for (const moment of [0, 1]) {
      test(`sample ${moment}`, (t) => {
        const tree = openTree(t, `${name}/${moment}`);
        const { pressure, ...others } = expected(tree);
        const totals = Object.entries(numbersOf(containerPressure, tree)).filter(([key]) => key.includes('.total '));
        assert.deepEqual(Object.fromEntries(totals), pressure);
        assert.deepEqual(
          {
            cpu: numbersOf(containerCpu, tree),
            memory: numbersOf(containerMemory, tree),
            io: numbersOf(containerIo, tree),
            pids: numbersOf(containerPids, tree),
          },
          others,
        );
        assert.deepEqual(failuresOf(tree), []);
      });
    }

    test('both samples are of the same cgroups', (t) => {
      const [before, after] = [openTree(t, `${name}/0`), openTree(t, `${name}/1`)];
      for (const source of [containerCpu, containerMemory, containerIo, containerPids]) {
        assert.equal(identityOf<never>(source as never, before), identityOf<never>(source as never, after));
      }
    });
  });
}

test('the pod’s quota held the container back, its own did not', (t) => {
  const numbers = numbersOf(containerCpu, openTree(t, 'kubernetes-v2/1'));
  assert.equal(numbers['throttledPeriods 0'], 0);
  assert.ok(numbers['throttledPeriods 1']! > 50);
});
