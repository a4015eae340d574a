// The built agent in containers that runc made: beside load in the same container, and beside what the kernel shows of
// it from outside, what runc says of it, and ip(8). What moves lies between readings before and after.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { type FlatPoint, type OtlpRequest, points, resourceAttributes } from '../test/support/otlp.ts';
import { until } from '../test/support/process.ts';
import { type Cleanup, cleanup } from './agents.ts';
import { hasV1 } from './cgroups.ts';
import { type Container, startContainer } from './runc.ts';
import { between, says } from './theirs.ts';

const MIB = 1024 * 1024;
const MOUNT = '/sys/fs/cgroup';
const NAME = `/jobmeter-test-${process.pid}`;

/** By the series of ours that they are compared with; undefined where nothing is there yet. */
type Numbers = Readonly<Record<string, number | undefined>>;

/** What others say at one moment: each of them may say something of the same series. */
type Read = () => Promise<readonly Numbers[]>;

const cpuTime = (mode: string) => `container.cpu.time{cpu.mode=${mode}}`;
const throttling = (what: string, level = 0) =>
  `jobmeter.container.cpu.throttling.${what}{jobmeter.cgroup.level=${level}}`;
const memoryEvents = (event: string) => `jobmeter.container.memory.events{jobmeter.memory.event=${event}}`;
const diskIo = (direction: string, device: string) =>
  `container.disk.io{disk.io.direction=${direction},system.device=${device}}`;
const networkIo = (scope: string, direction: string) =>
  `${scope}.network.io{network.interface.name=lo,network.io.direction=${direction}}`;
const cpuLimit = (source: string) => `jobmeter.cpu.limit{jobmeter.scope=container,jobmeter.limit.source=${source}}`;
const memoryLimit = (source: string) =>
  `jobmeter.memory.limit{jobmeter.scope=container,jobmeter.limit.source=${source}}`;

/** What the kernel says of a cgroup, without our parsers. */
function cgroupFiles(cgroup: string) {
  const text = (controller: string, file: string) => readFileSync(path.join(MOUNT, controller, cgroup, file), 'utf8');
  return {
    text,
    /** The number behind `key`, or the file's only one. */
    number(controller: string, file: string, key?: string): number {
      const content = text(controller, file);
      const found = key === undefined ? content : new RegExp(`^${key} (\\d+)$`, 'm').exec(content)?.[1];
      if (found === undefined) throw new Error(`no ${key} in ${file}: ${content}`);
      return Number(found);
    },
  };
}

function readFiles(cgroup: string): Numbers {
  const { number } = cgroupFiles(cgroup);
  const memory = (file: string, key?: string) => number('memory', `memory.${file}`, key);
  const usage = memory('usage_in_bytes');
  const workingSet = usage - memory('stat', 'total_inactive_file');
  return {
    [cpuTime('user')]: number('cpuacct', 'cpuacct.stat', 'user') / 100,
    [cpuTime('system')]: number('cpuacct', 'cpuacct.stat', 'system') / 100,
    [cpuLimit('cgroup_quota')]: number('cpu', 'cpu.cfs_quota_us') / number('cpu', 'cpu.cfs_period_us'),
    [throttling('periods')]: number('cpu', 'cpu.stat', 'nr_periods'),
    [throttling('throttled_periods')]: number('cpu', 'cpu.stat', 'nr_throttled'),
    [throttling('time')]: number('cpu', 'cpu.stat', 'throttled_time') / 1e9,
    [memoryLimit('cgroup_memory')]: memory('limit_in_bytes'),
    'container.memory.usage': usage,
    'container.memory.working_set': workingSet,
    'container.memory.available': memory('limit_in_bytes') - workingSet,
    'container.memory.rss': memory('stat', 'total_rss'),
    'jobmeter.container.memory.peak': memory('max_usage_in_bytes'),
    [memoryEvents('max')]: memory('failcnt'),
    [memoryEvents('oom_kill')]: memory('oom_control', 'oom_kill'),
    'jobmeter.container.pids.count': number('pids', 'pids.current'),
    'jobmeter.container.pids.limit': number('pids', 'pids.max'),
    'jobmeter.container.pids.events': number('pids', 'pids.events', 'max'),
    ...readDisks(cgroup),
  };
}

const deviceName = (device: string) => path.basename(readlinkSync(`/sys/dev/block/${device}`));

function readDisks(cgroup: string): Numbers {
  const text = cgroupFiles(cgroup).text('blkio', 'blkio.throttle.io_service_bytes_recursive');
  return Object.fromEntries(
    [...text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)].map(([, device, direction, bytes]) => [
      diskIo(direction!.toLowerCase(), deviceName(device!)),
      Number(bytes),
    ]),
  );
}

async function readRunc(container: Container): Promise<Numbers> {
  const { cpu, memory, pids, blkio } = await container.stats();
  const workingSet = memory.usage.usage - memory.raw['total_inactive_file']!;
  const disks = (blkio.ioServiceBytesRecursive ?? []).filter(({ op }) => op === 'Read' || op === 'Write');
  return {
    [cpuTime('user')]: cpu.usage.user / 1e9,
    [cpuTime('system')]: cpu.usage.kernel / 1e9,
    [throttling('periods')]: cpu.throttling.periods ?? 0,
    [throttling('throttled_periods')]: cpu.throttling.throttledPeriods ?? 0,
    [throttling('time')]: (cpu.throttling.throttledTime ?? 0) / 1e9,
    [memoryLimit('cgroup_memory')]: memory.usage.limit,
    'container.memory.usage': memory.usage.usage,
    'container.memory.working_set': workingSet,
    'container.memory.available': memory.usage.limit - workingSet,
    'container.memory.rss': memory.raw['total_rss'],
    'jobmeter.container.memory.peak': memory.usage.max,
    [memoryEvents('max')]: memory.usage.failcnt,
    'jobmeter.container.pids.count': pids.current,
    'jobmeter.container.pids.limit': pids.limit,
    ...Object.fromEntries(
      disks.map(({ major = 0, minor = 0, op, value = 0 }) => [
        diskIo(op.toLowerCase(), deviceName(`${major}:${minor}`)),
        value,
      ]),
    ),
  };
}

function readFilesystems({ pid }: Container): Numbers {
  const root = statfsSync('/var/tmp');
  const shm = statfsSync(`/proc/${pid}/root/dev/shm`);
  return {
    'container.filesystem.capacity': root.blocks * root.bsize,
    'container.filesystem.available': root.bavail * root.bsize,
    'jobmeter.container.shm.usage': (shm.blocks - shm.bfree) * shm.bsize,
    'jobmeter.container.shm.limit': shm.blocks * shm.bsize,
  };
}

/** What ip(8) says of lo in the network of a process. */
async function readNetwork(pid: number | 'self', scope: 'container' | 'system'): Promise<Numbers> {
  const enter = `--net=/proc/${pid}/ns/net`;
  const text = await says('nsenter', enter, 'ip', '-s', '-j', 'link', 'show', 'lo');
  const [lo] = JSON.parse(text) as [{ stats64: Record<'rx' | 'tx', { bytes: number }> }];
  return {
    [networkIo(scope, 'receive')]: lo.stats64.rx.bytes,
    [networkIo(scope, 'transmit')]: lo.stats64.tx.bytes,
  };
}

/** Pages that a CPU has charged and not yet told of, at the one reading or at the other. */
function slackOf(series: string): number {
  if (series.startsWith('container.memory.')) return 2 * MIB;
  // What others write on this disk comes and goes between two readings.
  return series === 'container.filesystem.available' ? 64 * MIB : 0;
}

/** Everything that one export has, by series. */
type Export = ReadonlyMap<string, FlatPoint>;

const seriesOf = (document: OtlpRequest): Export => new Map(points(document).map((point) => [point.series, point]));

const valueOf = (found: Export, series: string): number =>
  found.get(series)?.value ?? assert.fail(`${series} is missing of ${[...found.keys()].join('\n')}`);

const namesOf = (found: Export): ReadonlySet<string> => new Set([...found.values()].map(({ name }) => name));

/** An export that lies between all that others say, over and over, from before it until after it. */
async function bracket(container: Container, read: Read): Promise<Export> {
  const readings = [await read()];
  const since = Date.now() / 1000;
  const compared = readings[0]!.map((numbers) => Object.keys(numbers));
  const found = await until('an export', async () => {
    readings.push(await read());
    // Of a system, some numbers are read once a minute.
    const last = seriesOf(container.documents.at(-1) ?? { resourceMetrics: [] });
    return compared.flat().every((series) => (last.get(series)?.time ?? 0) > since) ? last : undefined;
  }).catch((error: unknown) => {
    const last = seriesOf(container.documents.at(-1) ?? { resourceMetrics: [] });
    const missing = compared.flat().filter((series) => !last.has(series));
    return assert.fail(`${String(error)}; missing ${missing.join()}; it said ${container.log()}`);
  });
  readings.push(await read());
  for (const [reader, names] of compared.entries()) {
    for (const series of names) {
      const theirs = readings.map((reading) => reading[reader]![series]!);
      between(series, valueOf(found, series), Math.min(...theirs), Math.max(...theirs), slackOf(series));
    }
  }
  return found;
}

/** Removes cgroups in all hierarchies, as soon as the kernel has let go of what was in them. */
function removeAfter(t: Cleanup, ...cgroups: readonly string[]): void {
  t.after(() => {
    for (const controller of readdirSync(MOUNT)) {
      for (const cgroup of cgroups) {
        try {
          rmdirSync(path.join(MOUNT, controller, cgroup));
        } catch (error) {
          // Docker's own may have others' containers in it.
          const { code = '' } = error as NodeJS.ErrnoException;
          if (!(code === 'ENOENT' || (code === 'EBUSY' && cgroup === '/docker'))) throw error;
        }
      }
    }
  });
}

const newId = () => randomBytes(32).toString('hex');

suite('containers that runc made', { skip: !hasV1 && 'no v1 here' }, () => {
  test('a busy container, as Docker names it, is what kernel, runc and ip say from outside', async (context) => {
    const t = cleanup(context);
    const id = newId();
    const cgroup = `/docker/${id}`;
    removeAfter(t, '/docker');
    const resources = {
      cpu: { quota: 50_000, period: 100_000 },
      memory: { limit: 128 * MIB },
      pids: { limit: 64 },
    };
    const container = await startContainer(t, { id, cgroup, resources });
    const read: Read = async () => [
      readFiles(cgroup),
      await readRunc(container),
      readFilesystems(container),
      await readNetwork(container.pid, 'container'),
    ];

    const quiet = await bracket(container, read);
    for (const series of [memoryEvents('oom_kill'), 'jobmeter.container.pids.events', 'jobmeter.container.shm.usage']) {
      assert.equal(valueOf(quiet, series), 0, series);
    }
    assert.equal(valueOf(quiet, networkIo('container', 'receive')), 0);

    await container.run('dd if=/dev/zero of=/dev/shm/file bs=1M count=3');
    await container.run('dd if=/dev/zero of=/tmp/file bs=1M count=8 conv=fsync');
    await container.run('dd if=/tmp/file of=/dev/null bs=1M iflag=direct');
    await container.run('nc -l -p 9000 -e cat >/dev/null & until netstat -ltn | grep -q :9000; do usleep 10000; done');
    await container.run('dd if=/dev/zero bs=1M count=5 | nc 127.0.0.1 9000 >/dev/null');
    // The kernel kills the one that says so, not the agent.
    await container.run('! sh -c "echo 1000 >/proc/self/oom_score_adj; exec tail /dev/zero"');
    await container.run('dd if=/dev/zero of=/tmp/new bs=1M count=12 conv=fsync');
    const { number } = cgroupFiles(cgroup);
    const least = number('memory', 'memory.stat', 'total_rss') + 19 * MIB;
    await container.run('(head -c 20m /dev/zero; exec sleep 1000) | tail & true');
    await until('memory to be held', () => number('memory', 'memory.stat', 'total_rss') > least || undefined);
    await container.run('while :; do :; done & true');
    // The shell that cannot start one more stays as that one.
    await container.run(`sh -c 'trap "exec sleep 1000" EXIT; while :; do sleep 1000 & done' & true`);
    await until('the limits to be met', () => {
      const isFull = number('pids', 'pids.current') === 64 && number('pids', 'pids.events', 'max') > 0;
      return (isFull && number('cpu', 'cpu.stat', 'nr_throttled') > 10) || undefined;
    });

    const busy = await bracket(container, read);
    const value = (series: string) => valueOf(busy, series);
    assert.equal(value(cpuLimit('cgroup_quota')), 0.5);
    assert.equal(value(memoryLimit('cgroup_memory')), 128 * MIB);
    assert.equal(value('container.memory.available'), 128 * MIB - value('container.memory.working_set'));
    assert.ok(value('container.memory.rss') > 20 * MIB);
    const inactive = value('container.memory.usage') - value('container.memory.working_set');
    assert.ok(inactive > 6 * MIB, `${inactive} of a file that was written once`);
    assert.ok(value('jobmeter.container.memory.peak') > 127 * MIB);
    assert.equal(value(memoryEvents('oom_kill')), 1);
    assert.ok(value(memoryEvents('max')) > 0);
    assert.ok(value('jobmeter.container.pids.count') > 60);
    assert.equal(value('jobmeter.container.pids.limit'), 64);
    assert.ok(value('jobmeter.container.pids.events') > 0);
    assert.equal(value('jobmeter.container.shm.usage'), 3 * MIB);
    assert.ok(value(throttling('throttled_periods')) > 10 && value(throttling('time')) > 0.1);
    const [device] = [...busy.keys()].flatMap(
      (series) => /^container\.disk\.io\{.*device=(.+)\}/.exec(series)?.[1] ?? [],
    );
    for (const direction of ['read', 'write']) {
      const grown = value(diskIo(direction, device!)) - (quiet.get(diskIo(direction, device!))?.value ?? 0);
      assert.ok(grown >= 8 * MIB, `${direction} ${grown} of 8 MiB`);
    }
    // There and back again, with headers.
    for (const direction of ['receive', 'transmit']) {
      between(direction, value(networkIo('container', direction)), 10 * MIB, 11 * MIB);
    }

    for (const found of [quiet, busy]) {
      const uptime = found.get('container.uptime') ?? assert.fail('no uptime');
      const [earliest, latest] = container.started;
      // The quota may hold the agent back for most of a period between the time and the number; the kernel counts 10 ms.
      between('uptime', uptime.value, uptime.time - latest, uptime.time - earliest, 0.11);
      const names = namesOf(found);
      for (const name of ['system.network.io', 'system.process.count']) assert.ok(!names.has(name), name);
    }
    const resource = resourceAttributes(container.documents[0]!);
    assert.equal(resource['container.id'], id);
    assert.equal(resource['container.runtime.name'], 'docker');
  });

  test('in the network of the host there is the host’s alone', async (context) => {
    const t = cleanup(context);
    removeAfter(t, NAME);
    const container = await startContainer(t, { id: newId(), cgroup: `${NAME}/host`, hasOwnNetwork: false });
    const found = await bracket(container, async () => [await readNetwork('self', 'system')]);
    assert.ok(valueOf(found, networkIo('system', 'receive')) > 0);
    const ofContainer = [...namesOf(found)].filter((name) => /container\.network\./.test(name));
    assert.deepEqual(ofContainer, []);
    assert.ok(!namesOf(found).has('system.process.count'), 'it sees its own processes alone');
    assert.equal(resourceAttributes(container.documents[0]!)['container.id'], undefined);
  });

  test('limits three levels up: known where the cgroups can be seen, and the memory limit everywhere', async (context) => {
    const t = cleanup(context);
    const [a, b] = [`${NAME}/a`, `${NAME}/a/b`];
    removeAfter(t, b, a, NAME);
    const cpus = os.availableParallelism();
    const quota = 0.75 * cpus;
    for (const controller of ['cpu', 'memory']) mkdirSync(path.join(MOUNT, controller, a), { recursive: true });
    writeFileSync(path.join(MOUNT, 'cpu', a, 'cpu.cfs_quota_us'), String(quota * 100_000));
    writeFileSync(path.join(MOUNT, 'memory', a, 'memory.limit_in_bytes'), String(512 * MIB));
    const views = ['own', 'namespace', 'all'] as const;
    const containers = await Promise.all(
      views.map(async (view) => {
        const container = await startContainer(t, { id: newId(), cgroup: `${b}/${view}`, view });
        return [view, container] as const;
      }),
    );
    const { number } = cgroupFiles(a);
    for (const [view, container] of containers) {
      const canSee = view === 'all';
      const ofQuota = () => ({
        [throttling('periods', 2)]: number('cpu', 'cpu.stat', 'nr_periods'),
        [throttling('throttled_periods', 2)]: number('cpu', 'cpu.stat', 'nr_throttled'),
        [throttling('time', 2)]: number('cpu', 'cpu.stat', 'throttled_time') / 1e9,
      });
      const found = await bracket(container, async () => [
        { [memoryLimit('cgroup_memory')]: number('memory', 'memory.limit_in_bytes') },
        canSee ? ofQuota() : {},
      ]);
      const limits = [...found.values()].filter(({ name }) => /^jobmeter\.(cpu|memory)\.limit$/.test(name));
      assert.deepEqual(
        new Map(limits.map(({ series, value }) => [series, value])),
        new Map([
          canSee ? [cpuLimit('cgroup_quota'), quota] : [cpuLimit('host'), cpus],
          [memoryLimit('cgroup_memory'), 512 * MIB],
        ]),
        view,
      );
      const quotas = [...found.keys()].filter((series) =>
        series.startsWith('jobmeter.container.cpu.throttling.periods'),
      );
      assert.deepEqual(quotas, canSee ? [throttling('periods', 2)] : [], view);
    }
    assert.ok(number('cpu', 'cpu.stat', 'nr_periods') > 0);
  });
});
