import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, bracket, eventually, near, type Page, says, startNodeExporter, sumOf, the } from './theirs.ts';

const MIB = 1024 * 1024;

const MODES = {
  user: 'user',
  nice: 'nice',
  system: 'system',
  idle: 'idle',
  iowait: 'iowait',
  steal: 'steal',
  interrupt: '(irq|softirq)',
} as const;

test('CPU time is between two scrapes of node_exporter, for all CPUs together and for each', async (t) => {
  const scrape = await startNodeExporter(t, 'cpu');
  const together = await bracket(scrape);
  const apart = await bracket(scrape, '--attributes', 'cpu.logical_number');
  const cpus = [...new Set([...together.before.keys()].map((series) => /cpu="(\d+)"/.exec(series)?.[1]))].filter(
    (cpu) => cpu !== undefined,
  );
  assert.equal(together.ours.value('system.cpu.logical.count'), cpus.length);
  assert.equal(apart.ours.all('system.cpu.time').size, cpus.length * Object.keys(MODES).length);
  for (const [mode, theirs] of Object.entries(MODES)) {
    const all = new RegExp(`^node_cpu_seconds_total\\{.*mode="${theirs}"`);
    const our = together.ours.value('system.cpu.time', { 'cpu.mode': mode });
    // The kernel rounds each CPU down to 10 ms, and the sum of all once.
    between(mode, our, sumOf(together.before, all), sumOf(together.after, all), 0.01 * cpus.length);
    for (const cpu of cpus) {
      const one = new RegExp(`^node_cpu_seconds_total\\{cpu="${cpu}",mode="${theirs}"`);
      const our = apart.ours.value('system.cpu.time', { 'cpu.mode': mode, 'cpu.logical_number': cpu });
      between(`${mode} of CPU ${cpu}`, our, sumOf(apart.before, one), sumOf(apart.after, one), 1e-6);
    }
  }
});

/** Percent since boot, as mpstat(1) has them: `cpu` -> column -> value. */
async function mpstat(): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const { sysstat } = JSON.parse(await says('mpstat', '-P', 'ALL', '-o', 'JSON')) as {
    sysstat: { hosts: { statistics: { 'cpu-load': (Record<string, number> & { cpu: string })[] }[] }[] };
  };
  return new Map(sysstat.hosts[0]!.statistics[0]!['cpu-load'].map(({ cpu, ...columns }) => [cpu, columns]));
}

test('the shares of the modes since boot are those of mpstat(1), CPU by CPU', async () => {
  const columns = {
    user: ['usr', 'guest'],
    nice: ['nice', 'gnice'],
    system: ['sys'],
    iowait: ['iowait'],
    interrupt: ['irq', 'soft'],
    steal: ['steal'],
    idle: ['idle'],
  };
  await eventually(async () => {
    const { before, ours, after } = await bracket(mpstat, '--attributes', 'cpu.logical_number');
    for (const cpu of before.keys()) {
      if (cpu === 'all') continue;
      const of = (mode: string) => ours.value('system.cpu.time', { 'cpu.mode': mode, 'cpu.logical_number': cpu });
      const total = Object.keys(columns).reduce((sum, mode) => sum + of(mode), 0);
      for (const [mode, names] of Object.entries(columns)) {
        const theirs = (page: typeof before) => names.reduce((sum, name) => sum + page.get(cpu)![name]!, 0);
        near(`${mode} of CPU ${cpu}`, (of(mode) / total) * 100, theirs(before), theirs(after), 0.011 * names.length);
      }
    }
  });
});

/** What moves this far between their two readings may have been as far beyond them in between. */
function moving(what: string, ours: number, one: number, other: number, slack: number): void {
  near(what, ours, one, other, Math.max(slack, Math.abs(one - other)));
}

/** The columns of a line of free(1), in bytes. */
async function free(): Promise<Readonly<Record<'memory' | 'swap', readonly number[]>>> {
  const text = await says('free', '--bytes', '--wide');
  const columns = (line: string) => new RegExp(`^${line}:(.*)$`, 'm').exec(text)![1]!.trim().split(/\s+/).map(Number);
  return { memory: columns('Mem'), swap: columns('Swap') };
}

test('memory is that of free(1) and of node_exporter', async (t) => {
  const scrape = await startNodeExporter(t, 'meminfo');
  const theirs = async () => ({ free: await free(), page: await scrape() });
  await eventually(async () => {
    const { before, ours, after } = await bracket(theirs);
    const state = (state: string) => ours.value('system.memory.usage', { 'system.memory.state': state });
    const slab = (state: string) =>
      ours.value('system.memory.linux.slab.usage', { 'system.memory.linux.slab.state': state });
    const total = ours.value('system.memory.limit');
    assert.equal(total, before.free.memory[0]);
    assert.equal(total, the(before.page, 'node_memory_MemTotal_bytes'));
    assert.equal(state('used') + state('free') + state('buffers') + state('cached'), total);

    const available = ours.value('system.memory.linux.available');
    const column = (what: string, value: number, n: number) =>
      moving(`free: ${what}`, value, before.free.memory[n]!, after.free.memory[n]!, 8 * MIB);
    column('free', state('free'), 2);
    column('buffers', state('buffers'), 4);
    column('cache', state('cached'), 5);
    column('available', available, 6);
    const line = (name: string, value: number, slack: number) => {
      const series = `node_memory_${name}_bytes`;
      moving(series, value, the(before.page, series), the(after.page, series), slack);
    };
    line('MemFree', state('free'), 8 * MIB);
    line('Buffers', state('buffers'), MIB);
    line('MemAvailable', available, 8 * MIB);
    line('SReclaimable', slab('reclaimable'), MIB);
    line('SUnreclaim', slab('unreclaimable'), MIB);
  });
});

test('uptime and load are those of node_exporter', async (t) => {
  const scrape = await startNodeExporter(t, 'stat', 'loadavg');
  const bootOf = (page: Page) => the(page, 'node_boot_time_seconds');
  const started = Date.now() / 1000;
  const { before, ours, after } = await bracket(scrape);
  // The kernel tells the boot in whole seconds.
  between('uptime', ours.value('system.uptime'), started - bootOf(before), Date.now() / 1000 - bootOf(after), 1.5);
  await eventually(async () => {
    const { before, ours, after } = await bracket(scrape);
    for (const minutes of [1, 5, 15]) {
      const series = `node_load${minutes}`;
      const our = ours.value(`system.cpu.load_average.${minutes}m`);
      near(series, our, the(before, series), the(after, series), 0.005);
    }
  });
});
