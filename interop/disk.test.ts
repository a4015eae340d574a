import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { disk } from '../instrumentation/host/disk.ts';
import { diskSize } from '../instrumentation/host/disk-size.ts';
import type { Source } from '../instrumentation/source.ts';
import { systemClock } from '../src/clock.ts';
import { openKernelFiles } from '../src/host.ts';
import { emitted } from '../test/support/emitted.ts';
import { ended, freePort, run, until } from '../test/support/process.ts';

function ours<S>(source: Source<S>): Readonly<Record<string, number>> {
  const kernel = openKernelFiles('/', systemClock);
  const data = source.read(kernel.host) ?? assert.fail(`no ${source.name} here`);
  assert.deepEqual(kernel.takeFailures(), []);
  kernel.close();
  return emitted(source, data);
}

/** Each of our numbers lies between two of theirs. */
function isBetween(
  before: ReadonlyMap<string, number>,
  values: Readonly<Record<string, number>>,
  after: ReadonlyMap<string, number>,
  slack: number,
): void {
  assert.ok(before.size > 0, 'they see no disk');
  for (const [key, low] of before) {
    const value = values[key] ?? assert.fail(`${key} is missing`);
    assert.ok(
      value >= low - slack && value <= after.get(key)! + slack,
      `${key}: ${value} not from ${low} to ${after.get(key)}`,
    );
  }
}

const NODE_EXPORTER: Readonly<Record<string, string>> = {
  read_bytes_total: 'io # read',
  written_bytes_total: 'io # write',
  reads_completed_total: 'operations # read',
  writes_completed_total: 'operations # write',
  reads_merged_total: 'merged # read',
  writes_merged_total: 'merged # write',
  read_time_seconds_total: 'operationTime # read',
  write_time_seconds_total: 'operationTime # write',
  io_time_seconds_total: 'ioTime #',
  io_time_weighted_seconds_total: 'weightedIoTime #',
};

test('node_exporter sees the same disks do the same', async (t) => {
  const port = await freePort();
  const exporter = spawn(
    'prometheus-node-exporter',
    [`--web.listen-address=127.0.0.1:${port}`, '--collector.disable-defaults', '--collector.diskstats'],
    { stdio: 'ignore' },
  );
  const over = ended(exporter);
  t.after(async () => {
    exporter.kill('SIGTERM');
    await over;
  });
  const scrape = async () => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const found = page.matchAll(/^node_disk_(\w+)\{device="([^"]+)"\} (\S+)$/gm);
    return new Map(
      Array.from(found).flatMap(([, name, device, value]) => {
        const key = NODE_EXPORTER[name!]?.replace('#', device!);
        return key === undefined ? [] : [[key, Number(value)] as const];
      }),
    );
  };
  const before = await until('node_exporter', () => scrape().catch(() => undefined));
  const values = ours(disk);
  const after = await scrape();
  assert.equal(before.size % Object.keys(NODE_EXPORTER).length, 0);
  isBetween(before, values, after, 1e-9);
});

test('iostat sees the same disks transfer the same', async () => {
  interface Said {
    readonly sysstat: {
      readonly hosts: readonly [
        { readonly statistics: readonly [{ readonly disk: readonly Record<string, string | number>[] }] },
      ];
    };
  }
  const iostat = async () => {
    const { stdout, code } = await run('iostat', ['-d', '-p', 'ALL', '-o', 'JSON'], { LC_ALL: 'C' });
    assert.equal(code, 0);
    return new Map(
      (JSON.parse(stdout) as Said).sysstat.hosts[0].statistics[0].disk.flatMap((disk) => [
        [`io ${disk['disk_device']} read`, Number(disk['kB_read']) * 1024],
        [`io ${disk['disk_device']} write`, Number(disk['kB_wrtn']) * 1024],
      ]),
    );
  };
  const before = await iostat();
  const values = ours(disk);
  isBetween(before, values, await iostat(), 1023);
});

test('lsblk sees the same disks and sizes', async () => {
  const { stdout } = await run('lsblk', ['--bytes', '--list', '--noheadings', '--all', '--output', 'KNAME,SIZE']);
  const theirs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const values = ours(diskSize);
  assert.ok(theirs.length > 0);
  for (const [name, size] of theirs) assert.equal(values[`limit ${name}`], Number(size ?? 0), name);
});
