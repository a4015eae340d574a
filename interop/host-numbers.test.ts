import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ended, until } from '../test/support/process.ts';
import { type Cleanup, cleanup } from './agents.ts';
import { cgroupFor, startIn } from './in-cgroup.ts';
import {
  between,
  bracket,
  eventually,
  near,
  numbersByWords,
  type Ours,
  says,
  startNodeExporter,
  the,
} from './theirs.ts';

const MIB = 1024 * 1024;

const vmstat = async () => numbersByWords(await says('vmstat', '--stats'));

test('what the kernel counts is between two readings of vmstat(8) and of node_exporter', async (t) => {
  const scrape = await startNodeExporter(t, 'stat', 'vmstat');
  const { before, ours, after } = await bracket(async () => ({ vmstat: await vmstat(), page: await scrape() }));
  const byVmstat = (words: string, our: number) =>
    between(`vmstat: ${words}`, our, the(before.vmstat, words), the(after.vmstat, words));
  const byExporter = (series: string, our: number) =>
    between(series, our, the(before.page, series), the(after.page, series));
  const pages = (direction: string) => ours.value('system.paging.operations', { 'system.paging.direction': direction });
  const faults = (type: string) => ours.value('system.paging.faults', { 'system.paging.fault.type': type });

  byVmstat('CPU context switches', ours.value('jobmeter.host.context_switches'));
  byExporter('node_context_switches_total', ours.value('jobmeter.host.context_switches'));
  byVmstat('forks', ours.value('system.process.created'));
  byExporter('node_forks_total', ours.value('system.process.created'));
  byVmstat('pages swapped in', pages('in'));
  byVmstat('pages swapped out', pages('out'));
  byExporter('node_vmstat_pswpin', pages('in'));
  byExporter('node_vmstat_pswpout', pages('out'));
  byExporter('node_vmstat_pgmajfault', faults('major'));
  byExporter('node_vmstat_pgfault', faults('major') + faults('minor'));
  byExporter('node_vmstat_oom_kill', ours.value('jobmeter.host.memory.oom_kills'));
});

/** Linux adds up what each CPU counted of its open files only now and then: fs/file_table.c, percpu_counter.h. */
const FILES_OF_A_CPU = 32;

test('open files and the limits of files and threads are those of node_exporter', async (t) => {
  const scrape = await startNodeExporter(t, 'filefd', 'processes');
  await eventually(async () => {
    const { before, ours, after } = await bracket(scrape);
    const threads = Math.min(the(after, 'node_processes_max_threads'), the(after, 'node_processes_max_processes'));
    assert.equal(ours.value('system.process.limit'), threads);
    assert.equal(ours.value('jobmeter.host.file_descriptor.limit'), the(after, 'node_filefd_maximum'));
    const our = ours.value('jobmeter.host.file_descriptor.count');
    const [one, other] = [the(before, 'node_filefd_allocated'), the(after, 'node_filefd_allocated')];
    near('open files', our, one, other, FILES_OF_A_CPU * os.availableParallelism());
  });
});

test('a thousand files that are opened are a thousand more', async (t) => {
  const { ours: before } = await bracket(async () => {});
  const holder = spawn('node', [
    '-e',
    `for (let n = 0; n < 1000; n++) fs.openSync('/dev/null'); console.log('open'); process.stdin.resume()`,
  ]);
  const over = ended(holder);
  t.after(async () => {
    holder.kill();
    await over;
  });
  await once(holder.stdout, 'data');
  await eventually(async () => {
    const { ours: now } = await bracket(async () => {});
    const count = (ours: Ours) => ours.value('jobmeter.host.file_descriptor.count');
    const more = count(now) - count(before);
    assert.ok(Math.abs(more - 1000) < 200, `${more} more`);
  });
});

const RESOURCES = ['cpu', 'memory', 'io'] as const;

/** The share of time of a file in /proc/pressure, read without our parser. */
function shares(resource: string): ReadonlyMap<string, number> {
  const text = readFileSync(`/proc/pressure/${resource}`, 'utf8');
  const found = [...text.matchAll(/^(\w+) avg10=(\S+) avg60=(\S+) avg300=(\S+)/gm)];
  return new Map(
    found.flatMap(([, type, ...percents]) => percents.map((percent, n) => [`${type} ${n}`, Number(percent) / 100])),
  );
}

test('lost time is that of node_exporter, its shares are those of /proc/pressure', async (t) => {
  const scrape = await startNodeExporter(t, 'pressure');
  const total = (ours: Ours, resource: string, type: string) =>
    ours.value(`system.${resource}.linux.pressure.total`, { 'system.pressure.stall_type': type });
  const { before, ours, after } = await bracket(scrape);
  for (const resource of RESOURCES) {
    for (const [type, word] of [
      ['some', 'waiting'],
      ['full', 'stalled'],
    ] as const) {
      const series = `node_pressure_${resource}_${word}_seconds_total`;
      // node_exporter has no "stalled" of the CPUs: it says nothing of a whole machine.
      if (resource === 'cpu' && type === 'full') {
        assert.deepEqual([...ours.all(`system.cpu.linux.pressure.total`).keys()], ['system.pressure.stall_type=some']);
        continue;
      }
      between(series, total(ours, resource, type), the(before, series), the(after, series), 1e-6);
    }
  }
  await eventually(async () => {
    const read = () => Promise.resolve(new Map(RESOURCES.map((resource) => [resource, shares(resource)])));
    const { before, ours, after } = await bracket(read);
    for (const resource of RESOURCES) {
      for (const [n, span] of ['10s', '1m', '5m'].entries()) {
        const key = `some ${n}`;
        const our = ours.value(`system.${resource}.linux.pressure.${span}`, { 'system.pressure.stall_type': 'some' });
        near(`${resource} ${key}`, our, the(before.get(resource)!, key), the(after.get(resource)!, key), 1e-9);
      }
    }
  });
});

/** A file of 16 MiB as swap; false where nobody may do that. */
function addSwap(t: Cleanup): boolean {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-swap-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'swap');
  const sh = (script: string) => spawnSync('sh', ['-c', script, 'sh', file], { stdio: 'ignore' }).status === 0;
  assert.ok(sh('dd if=/dev/zero of="$1" bs=1M count=16 && chmod 600 "$1" && mkswap "$1"'));
  if (!sh('swapon "$1"')) return false;
  t.after(() => assert.ok(sh('swapoff "$1"')));
  return true;
}

test('swap in use is that of free(1), of swapon(8) and of vmstat(8)', async (t) => {
  const end = cleanup(t);
  if (!addSwap(end)) return t.skip('no swap can be added here');
  // More than it may keep in memory.
  const cgroup = cgroupFor(end, 'swap', { cpu: 1, memory: 16 * MIB });
  startIn(end, cgroup, '(head -c 20M /dev/zero; exec sleep 1000) | exec tail -n 1');
  const theirs = async () => ({
    free: /^Swap: +(?<total>\d+) +(?<used>\d+) +(?<free>\d+)$/m.exec(await says('free', '--bytes'))!.groups!,
    areas: await says('swapon', '--show=NAME,SIZE,USED', '--bytes', '--noheadings', '--raw'),
    vmstat: await vmstat(),
  });
  await until('something to be swapped out', async () =>
    Number((await theirs()).free['used']) > 2 * MIB ? true : undefined,
  );
  return eventually(async () => {
    const { before, ours, after } = await bracket(theirs);
    const usage = (state: string, area = '') =>
      [...ours.all('system.paging.usage')]
        .filter(([attributes]) => attributes.includes(`system.paging.state=${state}`) && attributes.includes(area))
        .reduce((sum, [, value]) => sum + value, 0);
    assert.equal(usage('used'), Number(after.free['used']));
    assert.equal(usage('free'), Number(after.free['free']));
    for (const area of after.areas.trim().split('\n')) {
      const [name, size, used] = area.split(' ');
      assert.equal(usage('used', `system.device=${name}`), Number(used));
      assert.equal(usage('used', `system.device=${name}`) + usage('free', `system.device=${name}`), Number(size));
    }
    const written = ours.value('system.paging.operations', { 'system.paging.direction': 'out' });
    between('pages', written, the(before.vmstat, 'pages swapped out'), the(after.vmstat, 'pages swapped out'));
    assert.ok(written * 4096 >= usage('used') / 2);
  });
});
