// On real mounts, each time in a mount namespace of its own; as root.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agent, ended, root, run, until } from '../test/support/process.ts';
import { askers, stateOf } from './askers.ts';
import { cleanup, type Cleanup, startAgent } from './agents.ts';
import { cgroupFor } from './in-cgroup.ts';

const NAMESPACE = ['unshare', '--mount', '--propagation', 'private', 'sh', '-euc'] as const;

function directory(t: Cleanup): string {
  const made = mkdtempSync(path.join(tmpdir(), 'jobmeter-mounts-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

interface Row {
  readonly type: string;
  readonly size: number;
  readonly used: number;
  readonly available: number;
  readonly inodes?: number;
  readonly inodesUsed?: number;
}

/** By mount point, as df(1) says. */
function parseDf(text: string): ReadonlyMap<string, Row> {
  const rows = text.trim().split('\n').slice(1);
  return new Map(
    rows.map((row) => {
      const [, type, size, used, available, inodes, inodesUsed] = row.split(/\s+/, 7);
      const target = /^(?:\S+\s+){7}(.*)$/.exec(row)![1]!;
      const counted = inodes !== '-' && inodes !== '0' && { inodes: Number(inodes), inodesUsed: Number(inodesUsed) };
      return [
        target,
        { type: type!, size: Number(size), used: Number(used), available: Number(available), ...counted },
      ];
    }),
  );
}

/** By mount point, as the source says; what is asked for elsewhere is not among it. */
const PROBE = `
  import { filesystem } from '${root}/instrumentation/host/filesystem.ts';
  import { systemClock } from '${root}/src/clock.ts';
  import { openKernelFiles } from '${root}/src/host.ts';
  const kernel = openKernelFiles(process.argv[1], systemClock);
  const found = {};
  const data = filesystem.read(kernel.host);
  if (data !== undefined) filesystem.observe(data, (metric, value, attributes) => {
    const key = attributes['system.filesystem.state'] ? metric + ' ' + attributes['system.filesystem.state'] : metric;
    (found[attributes['system.filesystem.mountpoint']] ??= {
      type: attributes['system.filesystem.type'],
      mode: attributes['system.filesystem.mode'],
    })[key] = value;
  });
  console.log(JSON.stringify({ found, failures: kernel.takeFailures() }));
`;

type Found = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** Mounts, and then asks df, us and df again. */
function compare(
  setup: string,
  rootPath = '/',
): { before: ReturnType<typeof parseDf>; after: ReturnType<typeof parseDf>; found: Found } {
  const df = 'df -B1 --output=source,fstype,size,used,avail,itotal,iused,target';
  const script = `${setup}\n${df}; echo ====; "$0" --input-type=module --eval "$1" "$2"; echo ====; ${df}`;
  const [program, ...args] = NAMESPACE;
  const text = execFileSync(program, [...args, script, process.execPath, PROBE, rootPath], { encoding: 'utf8' });
  const [before, ours, after] = text.split('====\n');
  const { found, failures } = JSON.parse(ours!) as { found: Found; failures: readonly unknown[] };
  assert.deepEqual(failures, []);
  return { before: parseDf(before!), after: parseDf(after!), found };
}

/** An ext4 with things in it on a loop device, a small tmpfs, and what hides, repeats or covers other mounts. */
const mounts = (at: string) => `
  mkdir -p ${at}/ext4 ${at}/b ${at}/tmpfs ${at}/cover/below ${at}/upper ${at}/work ${at}/merged ${at}/none "${at}/a б"
  truncate -s 64M ${at}/image
  mkfs.ext4 -q -F ${at}/image
  mount -o loop ${at}/image ${at}/ext4
  head -c 5000000 /dev/urandom >${at}/ext4/file
  sync
  mkdir ${at}/ext4/directory
  mount --bind ${at}/ext4/directory ${at}/b
  touch ${at}/file
  mount --bind ${at}/ext4/file ${at}/file
  mount -t tmpfs -o size=10m,nr_inodes=100 some ${at}/tmpfs
  head -c 1000000 /dev/urandom >${at}/tmpfs/file
  mount -t tmpfs -o size=1m spaced "${at}/a б"
  mount -t tmpfs -o size=3m hidden ${at}/cover/below
  mount -t tmpfs -o size=2m cover ${at}/cover
  mkdir ${at}/cover/below
  mount -t overlay -o lowerdir=/etc,upperdir=${at}/upper,workdir=${at}/work layers ${at}/merged
`;

/** What df shows and we do not: nothing that a person would keep something in. */
const LEFT_OUT = new Set(['devtmpfs', 'overlay', 'squashfs', 'efivarfs', 'iso9660']);

test('df(1) shows the same file systems with the same numbers', (t) => {
  const at = directory(t);
  const { before, after, found } = compare(mounts(at));
  for (const [target, row] of after) {
    if (LEFT_OUT.has(row.type) || /^\/(?:proc|sys)\//.test(target)) continue;
    const ours = found[target] ?? assert.fail(`${target} is missing`);
    assert.equal(ours['type'], row.type);
    assert.equal(ours['limit'], row.size, target);
    assert.equal(
      Number(ours['usage used']) + Number(ours['usage free']) + Number(ours['usage reserved']),
      row.size,
      'the states add up',
    );
    assert.equal(
      ours['inodes used'] === undefined ? undefined : Number(ours['inodes used']) + Number(ours['inodes free']),
      row.inodes,
      target,
    );
    // Others write to those that are not ours.
    const slack = target.startsWith(at) ? 0 : 256 * 1024 * 1024;
    for (const [our, their] of [
      ['usage used', 'used'],
      ['usage free', 'available'],
      ['inodes used', 'inodesUsed'],
    ] as const) {
      const [low, high] = [before.get(target)?.[their], row[their]].toSorted((a, b) => Number(a) - Number(b));
      if (high === undefined) continue;
      const value = Number(ours[our]);
      assert.ok(
        value >= low! - slack && value <= high + slack,
        `${target} ${our}: ${value} not from ${low} to ${high}`,
      );
    }
  }
  assert.deepEqual(
    Object.keys(found).filter((mountPoint) => !after.has(mountPoint)),
    [],
  );
  const here = Object.keys(found)
    .filter((mountPoint) => mountPoint.startsWith(at))
    .map((mountPoint) => mountPoint.slice(at.length));
  assert.deepEqual(here.toSorted(), ['/a б', '/cover', '/ext4', '/tmpfs']);
  assert.equal(found[`${at}/cover`]?.['limit'], 2 * 1024 * 1024, 'not the one that it covers');
  assert.ok(Number(found[`${at}/ext4`]?.['usage reserved']) > 1_000_000, 'five percent are for root');
});

test('a disk that turned read-only and one that is mounted so are "ro"', (t) => {
  const at = directory(t);
  const { found } = compare(`${mounts(at)}
    mount -o remount,ro ${at}/ext4
    mount -o remount,bind,ro ${at}/tmpfs
  `);
  assert.deepEqual(
    ['ext4', 'tmpfs', 'cover'].map((name) => found[`${at}/${name}`]?.['mode']),
    ['ro', 'ro', 'rw'],
  );
});

test('a host that is mounted at the root path is seen from there, and nothing beside it', (t) => {
  const at = directory(t);
  const { found } = compare(
    `mkdir ${at}/host ${at}/outside
    mount --rbind / ${at}/host
    mount -o remount,bind,ro ${at}/host
    mount -t tmpfs -o size=1m outside ${at}/outside
    mount -t tmpfs -o size=4m inside ${at}/host/mnt`,
    `${at}/host`,
  );
  assert.equal(found['/']?.['mode'], 'rw');
  assert.equal(found['/mnt']?.['limit'], 4 * 1024 * 1024);
  assert.deepEqual(
    Object.keys(found).filter((mountPoint) => mountPoint.startsWith(at)),
    [],
  );
});

test('a captured tree has no file systems', (t) => {
  const at = directory(t);
  const { found } = compare(`cp -r ${root}/test/fixtures/hybrid-host/0 ${at}/tree`, `${at}/tree`);
  assert.deepEqual(found, {});
});

/** A mount whose server is in `mode` and takes orders; the shell command that mounts it and then goes on. */
function silentMount(t: Cleanup, mode: string) {
  const at = directory(t);
  const mount = path.join(at, 'mount');
  const orders = path.join(at, 'orders');
  mkdirSync(mount);
  execFileSync('mkfifo', [orders]);
  // While somebody has it open for writing, the server waits for orders.
  const fd = openSync(orders, constants.O_RDWR);
  let isOpen = true;
  const end = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  t.after(end);
  const enter = `python3 ${root}/interop/silent-fuse.py ${mount} ${mode} <${orders} >${at}/said 2>&1 &
    until grep -q mounted ${at}/said; do sleep 0.05; done`;
  return { mount, enter, end, order: (order: string) => void writeSync(fd, `${order}\n`) };
}

test('a server that falls silent: one child waits for it, and everything else goes on', async (t) => {
  const { mount, enter, end } = silentMount(cleanup(t), 'answer');
  const [program, ...args] = NAMESPACE;
  const child = spawn(
    program,
    [
      ...args,
      `${enter}\nexec "$@"`,
      'sh',
      process.execPath,
      fileURLToPath(import.meta.resolve('./silent-mount.ts')),
      mount,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const { code, stderr } = await ended(child);
  end();
  assert.equal(code, 0, stderr);
});

const enterNamespace = (enter: string) => `exec ${NAMESPACE.join(' ')} '${enter}\nexec "$@"' sh "$@"`;
const page = async (url: URL) => (await fetch(url, { signal: AbortSignal.timeout(2000) })).text();

for (const mode of ['hold', 'leave']) {
  test(`the agent samples, serves and ends as ever while a mount hangs (${mode})`, async (all) => {
    const t = cleanup(all);
    const { mount, enter, end } = silentMount(t, mode);
    const agent = await startAgent(t, {
      args: ['--interval', '200ms'],
      enter: enterNamespace(enter),
    });
    const point = (at: string) => new RegExp(`^system_filesystem_usage_bytes\\{[^}]*mountpoint="${at}"`, 'm');
    assert.match(await page(agent.url), point('/'));
    let slowest = 0;
    await until('the agent to tell of it', async () => {
      const began = performance.now();
      assert.doesNotMatch(await page(agent.url), point(mount));
      slowest = Math.max(slowest, performance.now() - began);
      return agent.log().includes(`the file system at ${mount} does not answer`) ? true : undefined;
    });
    assert.ok(slowest < 1000, `a scrape took ${slowest} ms`);
    assert.deepEqual([...askers(agent.pid).values()], mode === 'hold' ? ['unkillable'] : []);
    const began = performance.now();
    const { code, stderr } = await agent.stop();
    assert.equal(code, 0, stderr);
    assert.ok(performance.now() - began < 2000, 'its end waits for nobody');
    end();
  });
}

test('--once has the sizes of a file system whose server answers, in its only export', async (all) => {
  const { mount, enter } = silentMount(cleanup(all), 'answer');
  const command = `${enter}\n${agent} --once --interval 100ms`;
  const environment = { OTEL_METRICS_EXPORTER: 'console', JOBMETER_LOG_FORMAT: 'pretty' };
  const { code, stderr } = await run(NAMESPACE[0], [...NAMESPACE.slice(1), command], environment);
  assert.equal(code, 0, stderr);
  // What its server says: 1000 blocks, 600 of them free.
  const line = stderr.split('\n').find((one) => one.includes(`mountpoint=${mount},`) && one.includes('state=used'));
  assert.match(line ?? '', / 1638400 By$/);
});

test('without memory to spare in its cgroup the agent starts no child, and says so', async (all) => {
  const t = cleanup(all);
  // The agent itself takes more than what is above the 96 MiB that must be free.
  const cgroup = cgroupFor(t, 'room', { cpu: 2, memory: 112 * 1024 * 1024 });
  const { mount, enter } = silentMount(t, 'answer');
  const agent = await startAgent(t, {
    args: ['--interval', '200ms'],
    enter: `${cgroup.enter} && ${enterNamespace(enter)}`,
  });
  await until('the agent to tell of it', async () => {
    await page(agent.url);
    assert.deepEqual([...askers(agent.pid).keys()], []);
    return agent.log().includes(`the sizes of ${mount} are left out`) ? true : undefined;
  });
  assert.match(await page(agent.url), /^system_filesystem_usage_bytes\{[^}]*mountpoint="\/"/m);
  assert.deepEqual([...askers(agent.pid).keys()], []);
  assert.doesNotMatch(await page(agent.url), new RegExp(`mountpoint="${mount}"`));
});

test('an agent that is killed while its child waits for a server takes the child with it', async (all) => {
  const t = cleanup(all);
  const { mount, enter } = silentMount(t, 'leave');
  const agent = await startAgent(t, { args: ['--interval', '200ms'], enter: enterNamespace(enter) });
  const [child] = await until('a child that waits', async () => {
    await page(agent.url);
    const [pid] = askers(agent.pid).keys();
    // It has begun with its question when there is a thread in the kernel for it.
    return pid !== undefined && waitsIn(pid, 'fuse_statfs') ? [pid] : undefined;
  });
  assert.ok(!agent.log().includes(mount), 'its deadline is not over yet');
  process.kill(agent.pid, 'SIGKILL');
  await until('the child to be gone', () => (stateOf(child) === undefined ? true : undefined), 3);
});

/** Whether a thread of the process is in this function of the kernel. */
function waitsIn(pid: string, place: string): boolean {
  return readdirSync(`/proc/${pid}/task`).some((task) =>
    readFileSync(`/proc/${pid}/task/${task}/stack`, 'latin1').includes(place),
  );
}
