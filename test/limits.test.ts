import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type CpuLimit, type MemoryLimit, tightest } from '../instrumentation/cgroup/limits.ts';
import { cpuLimit, isAwaited, memoryLimit } from '../src/limits.ts';
import { describeScopes } from '../src/status.ts';
import { sample, type World } from './support/sample.ts';

// Which of all limits holds the metered scope, and who is said to set it.

const GIB = 2 ** 30;

/** CPUs by who says so. */
type Cpus = Readonly<Partial<Record<Exclude<CpuLimit['source'], 'configured' | 'host'>, number>>>;
type Bytes = Readonly<Partial<Record<Exclude<MemoryLimit['source'], 'configured' | 'host'>, number>>>;

const limitsFrom = <S extends string>(all: Readonly<Partial<Record<S, number>>>, sources: readonly S[]) =>
  sources.flatMap((source) => (all[source] === undefined ? [] : [{ value: all[source], source, file: source }]));

/** A container on a host of 8 CPUs and 16 GiB. */
function world(cpus: Cpus, bytes: Bytes): World {
  return {
    count: 8,
    memory: { total: 16 * GIB, available: GIB },
    container: {
      cpu: { path: '/a', usage: 1 },
      cpuLimits: limitsFrom(cpus, ['cgroup_quota', 'cgroup_cpuset']),
      memory: { path: '/a', usage: 1, workingSet: 1, limits: limitsFrom(bytes, ['cgroup_memory']) },
    },
    ecs: { cpu: limitsFrom(cpus, ['ecs_task']), memory: limitsFrom(bytes, ['ecs_task', 'ecs_container']) },
    slurm: { cpu: limitsFrom(cpus, ['slurm']), memory: limitsFrom(bytes, ['slurm']) },
  };
}

const configured = <const V extends number>(value: V) => ({ value, source: 'configured', file: 'given' }) as const;

suite('the tightest limit holds the container, whoever sets it', () => {
  const all: Required<Cpus> = { cgroup_quota: 7, cgroup_cpuset: 7, ecs_task: 7, slurm: 7 };
  for (const source of Object.keys(all) as (keyof Cpus)[]) {
    test(`CPUs: ${source}`, () => {
      const found = cpuLimit(sample(0, world({ ...all, [source]: 0.5 }, {})), configured(7));
      assert.deepEqual([found?.scope, found?.limit.value, found?.limit.source], ['container', 0.5, source]);
    });
  }
  const bytes: Required<Bytes> = { cgroup_memory: 9 * GIB, ecs_task: 9 * GIB, ecs_container: 9 * GIB, slurm: 9 * GIB };
  for (const source of Object.keys(bytes) as (keyof Bytes)[]) {
    test(`memory: ${source}`, () => {
      const found = memoryLimit(sample(0, world({}, { ...bytes, [source]: GIB })), configured(9 * GIB));
      assert.deepEqual([found?.scope, found?.limit.value, found?.limit.source], ['container', GIB, source]);
    });
  }
  test('what the user said', () => {
    const of = sample(0, world(all, bytes));
    assert.equal(cpuLimit(of, configured(1.5))?.limit.source, 'configured');
    assert.equal(memoryLimit(of, configured(1))?.limit.source, 'configured');
  });
  test('the host’s, where all others are wider, and where there are no others', () => {
    const wide = sample(0, world({ cgroup_quota: 9, ecs_task: 16 }, { slurm: 17 * GIB }));
    assert.deepEqual(cpuLimit(wide, configured(64)), {
      scope: 'container',
      limit: { value: 8, source: 'host', file: '/proc/stat' },
    });
    assert.equal(memoryLimit(wide, configured(2 ** 50))?.limit.source, 'host');
    assert.equal(cpuLimit(sample(0, world({}, {})))?.limit.source, 'host');
  });
});

test('of equal limits the host’s holds, then those of the kernel, ECS, Slurm, the user, in this order', () => {
  const order = ['cgroup_quota', 'cgroup_cpuset', 'ecs_task', 'slurm', 'configured'] as const;
  for (const [at, first] of order.entries()) {
    const cpus = Object.fromEntries(order.slice(at, -1).map((source) => [source, 2]));
    assert.equal(cpuLimit(sample(0, world(cpus, {})), configured(2))?.limit.source, first);
    assert.equal(cpuLimit(sample(0, { ...world(cpus, {}), count: 2 }), configured(2))?.limit.source, 'host');
  }
  const memory = { cgroup_memory: GIB, ecs_task: GIB, ecs_container: GIB, slurm: GIB };
  assert.equal(memoryLimit(sample(0, world({}, memory)))?.limit.source, 'cgroup_memory');
  const { cgroup_memory: _, ...platform } = memory;
  assert.equal(memoryLimit(sample(0, world({}, platform)))?.limit.source, 'ecs_task');
});

test('one limit that is there and cannot be read leaves all unknown: it may be the tightest', () => {
  const unread = { cpu: 'unknown', memory: 'unknown' } as const;
  const known = world({ cgroup_quota: 1, slurm: 2 }, { cgroup_memory: GIB });
  for (const name of ['ecs', 'slurm'] as const) {
    const of = sample(0, { ...known, [name]: unread });
    assert.deepEqual([cpuLimit(of, configured(1)), memoryLimit(of, configured(1))], [undefined, undefined], name);
    assert.equal(isAwaited(of), name === 'ecs');
  }
  const own = { ...known, container: { ...known.container, cpuLimits: 'unknown' } } as const;
  assert.equal(cpuLimit(sample(0, own)), undefined);
  assert.equal(memoryLimit(sample(0, own))?.limit.value, GIB, 'memory has nothing to do with it');
  assert.equal(isAwaited(sample(0, known)), false);
});

test('what limits a container says nothing of the host', () => {
  const platform = world({ ecs_task: 1, slurm: 1 }, { ecs_task: 1, slurm: 1 });
  const ofHost = { ...platform, container: { cpuLimits: [{ value: 1, source: 'cgroup_quota', file: 'x' }] } } as const;
  for (const host of [ofHost, { ...ofHost, ecs: { cpu: 'unknown', memory: 'unknown' } } as const]) {
    const cpu = cpuLimit(sample(0, host), configured(1));
    const memory = memoryLimit(sample(0, host), configured(1));
    assert.deepEqual([cpu?.scope, cpu?.limit.value, cpu?.limit.source], ['host', 8, 'host']);
    assert.deepEqual([memory?.scope, memory?.limit.value, memory?.limit.source], ['host', 16 * GIB, 'host']);
  }
  assert.equal(memoryLimit(sample(0, { container: {} })), undefined, 'not known of the host either');
});

test('a person reads whose limit holds, and what is waited for', () => {
  const lines = (of: World, given = {}) => describeScopes(sample(0, of), given).map((line) => line.replace(/ +/g, ' '));
  assert.deepEqual(lines(world({ ecs_task: 0.25 }, { slurm: GIB })), [
    'cpu the container /a, at most 0.25 CPUs (ecs_task)',
    'memory the container /a, at most 1 GiB (slurm)',
  ]);
  assert.deepEqual(lines({ ...world({}, {}), ecs: { cpu: 'unknown', memory: 'unknown' } }), [
    'cpu the container /a; ECS has not told its limit yet',
    'memory the container /a; ECS has not told its limit yet',
  ]);
  assert.deepEqual(lines({ ...world({}, {}), slurm: { cpu: 'unknown', memory: [] } }), [
    'cpu the container /a; no limit is known',
    'memory the container /a, at most 16 GiB (/proc/meminfo)',
  ]);
  assert.deepEqual(
    lines({ count: 4 }, { cpu: configured(1) })[0],
    ['cpu the whole host, at most 4 CPUs (/proc/stat); given holds containers only'][0],
  );
});

test('the first of equal limits is the tightest', () => {
  assert.equal(tightest([]), undefined);
  const limits = [3, 1, 1, 2].map((value, at) => ({ value, source: 'slurm', file: String(at) }) as const);
  assert.equal(tightest(limits)?.file, '1');
});
