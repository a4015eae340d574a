// What the container sources say in real cgroups of v1, beside the files of the kernel read by hand. Each number lies
// between what stands there before and after it was asked for.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { suite, test, type TestContext } from 'node:test';
import { ended, until } from '../test/support/process.ts';
import { type CgroupV1, createCgroupV1, hasPressureBesideV1, hasV1, removeWhenEmpty } from './cgroups.ts';

const MIB = 1024 * 1024;
const NAME = `jobmeter-test-${process.pid}`;

const undoing = new WeakMap<TestContext, (() => unknown)[]>();

/** Undoes things after the test, the last one first. */
function undo(t: TestContext, what: () => unknown): void {
  const list = undoing.get(t);
  if (list !== undefined) {
    list.unshift(what);
    return;
  }
  const all = [what];
  undoing.set(t, all);
  t.after(async () => {
    for (const step of all) await step();
  });
}

function cgroupFor(t: TestContext, ...[name, hierarchies]: Parameters<typeof createCgroupV1>): CgroupV1 {
  const cgroup = createCgroupV1(name, hierarchies);
  undo(t, () => removeWhenEmpty(cgroup));
  return cgroup;
}

/** Kills it with all that it has started: it must have been spawned as a group of its own. */
function stopAfter(t: TestContext, child: ChildProcess): void {
  const over = ended(child);
  undo(t, async () => {
    process.kill(-child.pid!, 'SIGKILL');
    await over;
  });
}

type Numbers = Readonly<Record<string, number>>;

/** The sources, read from inside the cgroup each time they are asked. */
function readerIn(t: TestContext, cgroup: CgroupV1): () => Promise<Numbers> {
  const file = fileURLToPath(import.meta.resolve('./container-reader.ts'));
  const reader = spawn('sh', ['-c', `${cgroup.enter} && exec ${process.execPath} ${file}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const lines = createInterface(reader.stdout)[Symbol.asyncIterator]();
  stopAfter(t, reader);
  return async () => {
    reader.stdin.write('\n');
    const { value } = await lines.next();
    return JSON.parse(String(value)) as Numbers;
  };
}

/** Asks for a number, and by hand before and after. */
async function between(read: () => Promise<Numbers>, rows: Readonly<Record<string, () => number>>): Promise<Numbers> {
  const before = Object.entries(rows).map(([name, byHand]) => [name, byHand()] as const);
  const numbers = await read();
  for (const [name, least] of before) {
    const value = numbers[name] ?? assert.fail(`${name} is missing`);
    const most = rows[name]!();
    // v1 counts nanoseconds, of which a second takes more digits than a double has.
    const slack = least * 1e-12;
    assert.ok(value >= least - slack && value <= most + slack, `${name}: ${value}, by hand ${least} to ${most}`);
  }
  return numbers;
}

/** Runs a command in a cgroup, to its end. */
function runIn(cgroup: CgroupV1, command: string): ReturnType<typeof spawnSync> {
  return spawnSync('sh', ['-c', `${cgroup.enter} && ${command}`], { stdio: ['ignore', 'ignore', 'pipe'] });
}

suite('cgroups of v1', { skip: !hasV1 && 'no v1 here' }, () => {
  test('two quotas, each of which counts for itself', async (t) => {
    const quota = (microseconds: number) => ({ cpu: { 'cpu.cfs_quota_us': microseconds }, cpuacct: {} });
    const parent = cgroupFor(t, NAME, {
      ...quota(20_000),
      cpu: { 'cpu.cfs_quota_us': 20_000, 'cpu.cfs_burst_us': 5000 },
    });
    const own = cgroupFor(t, `${NAME}/own`, quota(20_000));
    const read = readerIn(t, own);
    await read();
    const busy = spawn('sh', ['-c', `${own.enter} && while :; do :; done`], { stdio: 'ignore', detached: true });
    stopAfter(t, busy);
    const periods = (cgroup: CgroupV1) => cgroup.number('cpu', 'cpu.stat', 'nr_periods');
    const first = periods(parent);
    await until('twenty periods', () => (periods(parent) - first > 20 ? true : undefined));

    const rows = [own, parent].flatMap((cgroup, level) => {
      const stat = (key: string) => () => cgroup.number('cpu', 'cpu.stat', key);
      return [
        [`jobmeter.container.cpu.throttling.periods ${level}`, stat('nr_periods')],
        [`jobmeter.container.cpu.throttling.throttled_periods ${level}`, stat('nr_throttled')],
        [`jobmeter.container.cpu.throttling.time ${level}`, () => stat('throttled_time')() / 1e9],
        [`jobmeter.container.cpu.burst.periods ${level}`, stat('nr_bursts')],
        [`jobmeter.container.cpu.burst.time ${level}`, () => stat('burst_time')() / 1e9],
        [`jobmeter.container.cpu.burst.limit ${level}`, () => cgroup.number('cpu', 'cpu.cfs_burst_us') / 1e6],
      ] as const;
    });
    const numbers = await between(read, {
      ...Object.fromEntries(rows),
      'jobmeter.container.cpu.throttling.local_time': () => own.number('cpu', 'cpu.stat.local', 'throttled_time') / 1e9,
    });
    const throttled = [0, 1].map((level) => numbers[`jobmeter.container.cpu.throttling.throttled_periods ${level}`]!);
    assert.ok(throttled[0]! + throttled[1]! > 10, `throttled ${throttled.join(', ')} times`);
    assert.ok(numbers['jobmeter.container.cpu.throttling.local_time']! > 0.5);
    assert.equal(numbers['jobmeter.container.cpu.burst.limit 1'], 0.005);
    assert.equal(numbers['jobmeter.container.cpu.limit'], 0.2);
  });

  test('held back by the parent’s quota alone', async (t) => {
    const parent = cgroupFor(t, NAME, { cpu: { 'cpu.cfs_quota_us': 20_000 }, cpuacct: {} });
    const own = cgroupFor(t, `${NAME}/own`, { cpu: {}, cpuacct: {} });
    const read = readerIn(t, own);
    const busy = spawn('sh', ['-c', `${own.enter} && while :; do :; done`], { stdio: 'ignore', detached: true });
    stopAfter(t, busy);
    const throttled = () => parent.number('cpu', 'cpu.stat', 'nr_throttled');
    await until('ten throttled periods', () => (throttled() > 10 ? true : undefined));
    const local = 'jobmeter.container.cpu.throttling.local_time';
    const numbers = await between(read, {
      'jobmeter.container.cpu.throttling.throttled_periods 1': throttled,
      [local]: () => own.number('cpu', 'cpu.stat.local', 'throttled_time') / 1e9,
    });
    assert.equal(own.number('cpu', 'cpu.stat', 'nr_throttled'), 0);
    assert.equal(numbers['jobmeter.container.cpu.throttling.throttled_periods 0'], undefined);
    // A process is held back for most of each period.
    assert.ok(numbers[local]! > 0.5, `${numbers[local]} s`);
  });

  test('pressure, which v2 measures beside v1', { skip: !hasPressureBesideV1 && 'no v2 beside v1' }, async (t) => {
    const own = cgroupFor(t, NAME, { unified: {} });
    const read = readerIn(t, own);
    const busy = spawn('sh', ['-c', `${own.enter} && for i in 1 2 3 4; do while :; do :; done & done; wait`], {
      stdio: 'ignore',
      detached: true,
    });
    stopAfter(t, busy);
    const total = (type: string) => () =>
      Number(new RegExp(`^${type} .* total=(\\d+)$`, 'm').exec(own.text('unified', 'cpu.pressure'))?.[1]) / 1e6;
    const isFelt = () => /^some avg10=(?!0\.00)/.test(own.text('unified', 'cpu.pressure')) && total('some')() > 1;
    await until('a second of waiting for a CPU', () => (isFelt() ? true : undefined));
    const numbers = await between(read, {
      'jobmeter.container.cpu.pressure.total some': total('some'),
      'jobmeter.container.cpu.pressure.total full': total('full'),
    });
    assert.ok(numbers['jobmeter.container.cpu.pressure.total some']! > 1);
    assert.ok(numbers['jobmeter.container.cpu.pressure.10s some']! > 0);
    assert.ok(numbers['jobmeter.container.memory.pressure.total some']! >= 0);
  });

  test('memory: what it is used for, its peak, a process that is killed at the limit', async (t) => {
    const own = cgroupFor(t, NAME, { memory: { 'memory.limit_in_bytes': 192 * MIB } });
    const read = readerIn(t, own);
    const before = await read();
    assert.equal(before['jobmeter.container.memory.events oom_kill'], 0);
    assert.equal(before['jobmeter.container.memory.limit'], 192 * MIB);

    // The hog is the one to be killed, not the reader.
    const hog = runIn(own, 'echo 1000 > /proc/self/oom_score_adj && exec tail /dev/zero');
    assert.equal(hog.signal, 'SIGKILL');
    const stat = (key: string) => () => own.number('memory', 'memory.stat', key);
    const faults = () => stat('total_pgfault')() - stat('total_pgmajfault')();
    const numbers = await between(read, {
      'jobmeter.container.memory.events oom_kill': () => own.number('memory', 'memory.oom_control', 'oom_kill'),
      'jobmeter.container.memory.events max': () => own.number('memory', 'memory.failcnt'),
      'jobmeter.container.memory.peak': () => own.number('memory', 'memory.max_usage_in_bytes'),
      'jobmeter.container.memory.swap.usage': stat('total_swap'),
      'container.paging.faults major': stat('total_pgmajfault'),
      'container.paging.faults minor': faults,
    });
    assert.equal(numbers['jobmeter.container.memory.events oom_kill'], 1);
    assert.ok(numbers['jobmeter.container.memory.events max']! > 0);
    assert.ok(numbers['jobmeter.container.memory.peak']! > 180 * MIB);
    const [usage, workingSet] = [numbers['container.memory.usage']!, numbers['container.memory.working_set']!];
    assert.ok(workingSet <= usage && usage < 192 * MIB);
    assert.equal(numbers['container.memory.available'], 192 * MIB - workingSet);
    assert.equal(numbers['container.memory.rss'], numbers['jobmeter.container.memory.stat anon']);
    for (const [state, key] of [
      ['anon', 'total_rss'],
      ['file', 'total_cache'],
      ['shmem', 'total_shmem'],
      ['file_mapped', 'total_mapped_file'],
    ] as const) {
      const difference = numbers[`jobmeter.container.memory.stat ${state}`]! - stat(key)();
      assert.ok(Math.abs(difference) < 8 * MIB, `${state} differs by ${difference} from ${key}`);
    }
  });

  test('memory: a kill in a cgroup below is not seen, as v1 counts it there alone', async (t) => {
    const own = cgroupFor(t, NAME, { memory: {} });
    const leaf = cgroupFor(t, `${NAME}/leaf`, { memory: { 'memory.limit_in_bytes': 16 * MIB } });
    const read = readerIn(t, own);
    assert.equal(runIn(leaf, 'exec tail /dev/zero').signal, 'SIGKILL');
    assert.equal(leaf.number('memory', 'memory.oom_control', 'oom_kill'), 1);
    assert.equal((await read())['jobmeter.container.memory.events oom_kill'], 0);
  });

  test('threads: as many as may be, and one more', async (t) => {
    const parent = cgroupFor(t, NAME, { pids: { 'pids.max': 40 } });
    const own = cgroupFor(t, `${NAME}/own`, { pids: {} });
    const read = readerIn(t, own);
    const before = await read();
    assert.equal(before['jobmeter.container.pids.limit'], 40);
    assert.equal(before['jobmeter.container.pids.events'], 0);
    const forks = 'for i in $(seq 60); do sleep 30 & done';
    const forker = spawn('sh', ['-c', `${own.enter} && ${forks}; wait`], { stdio: 'ignore', detached: true });
    stopAfter(t, forker);
    await until('the limit to be met', () => (own.number('pids', 'pids.events', 'max') > 0 ? true : undefined));
    const numbers = await between(read, {
      'jobmeter.container.pids.events': () => own.number('pids', 'pids.events', 'max'),
    });
    assert.equal(numbers['jobmeter.container.pids.count'], own.number('pids', 'pids.current'));
    assert.ok(parent.number('pids', 'pids.current') <= 40);
  });

  test('transfers to and from a disk', async (t) => {
    const file = path.join(import.meta.dirname, `../${NAME}.tmp`);
    undo(t, () => rmSync(file, { force: true }));
    const own = cgroupFor(t, NAME, { blkio: {} });
    const inner = cgroupFor(t, `${NAME}/inner`, { blkio: {} });
    const read = readerIn(t, own);
    const write = runIn(inner, `dd if=/dev/zero of=${file} bs=64k count=128 oflag=direct`);
    assert.equal(write.status, 0, String(write.stderr));
    assert.equal(runIn(own, `dd if=${file} of=/dev/null bs=64k iflag=direct`).status, 0);
    const text = own.text('blkio', 'blkio.throttle.io_service_bytes_recursive');
    const device = /^(\d+:\d+) Write [1-9]/m.exec(text)?.[1] ?? assert.fail(text);
    const name = path.basename(readlinkSync(`/sys/dev/block/${device}`));
    const counted = (what: string, key: string) => () =>
      own.number('blkio', `blkio.throttle.${what}_recursive`, `${device} ${key}`);
    const numbers = await between(read, {
      [`container.disk.io read ${name}`]: counted('io_service_bytes', 'Read'),
      [`container.disk.io write ${name}`]: counted('io_service_bytes', 'Write'),
      [`jobmeter.container.disk.operations read ${name}`]: counted('io_serviced', 'Read'),
      [`jobmeter.container.disk.operations write ${name}`]: counted('io_serviced', 'Write'),
    });
    for (const direction of ['read', 'write']) {
      assert.ok(numbers[`container.disk.io ${direction} ${name}`]! >= 8 * MIB, direction);
      assert.ok(numbers[`jobmeter.container.disk.operations ${direction} ${name}`]! > 0, direction);
    }
  });
});
