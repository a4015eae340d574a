import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuUse, followMetered, metered, memoryUse, statistics } from '../src/metered.ts';
import { emitted } from './support/emitted.ts';
import { sample } from './support/sample.ts';

const own = (usage: number, path = '/a') => ({ container: { cpu: { path, usage } } });

test('CPU use is CPU time over the time that really went by', () => {
  assert.deepEqual(cpuUse(sample(0, { busy: 10 }), sample(2, { busy: 13 })), { scope: 'host', value: 1.5 });
  assert.deepEqual(cpuUse(sample(0, own(1)), sample(0.5, own(2))), { scope: 'container', value: 2 });
});

test('CPU use is unknown after a first sample, for no time, for a counter that went back, for another cgroup', () => {
  assert.equal(cpuUse(undefined, sample(1, own(1))), undefined);
  assert.equal(cpuUse(sample(1, own(1)), sample(1, own(1))), undefined);
  assert.equal(cpuUse(sample(0, own(2)), sample(1, own(1))), undefined);
  assert.equal(cpuUse(sample(0, own(1, '/a')), sample(1, own(2, '/b'))), undefined);
  assert.equal(cpuUse(sample(0, { busy: 1 }), sample(1, own(2))), undefined);
});

test('what the container used is unknown where it cannot be read: not what the host used', () => {
  const unread = (at: number) => sample(at, { busy: at, container: { cpu: { path: '/a' } } });
  assert.equal(cpuUse(unread(0), unread(1)), undefined);
});

test('an interval in which nothing could be read says nothing, and the limits all the same', () => {
  const cpuLimit = { scope: 'host', limit: { value: 2, source: 'host', file: 'x' } } as const;
  assert.deepEqual(emitted(metered, { ticks: [{ slot: 1 }], cpuLimit }), { 'cpuLimit host host': 2 });
});

test('memory in use is the working set of the container, else what the host could not give', () => {
  const host = { total: 100, available: 40 };
  assert.deepEqual(memoryUse(sample(0, { memory: host })), { scope: 'host', value: 60 });
  const ours = { memory: { path: '/a', usage: 50, workingSet: 30, limits: [] } };
  assert.deepEqual(memoryUse(sample(0, { memory: host, container: ours })), { scope: 'container', value: 30 });
  const unknown = { memory: { path: '/a', usage: 50, limits: [] } };
  assert.equal(
    memoryUse(sample(0, { memory: host, container: unknown })),
    undefined,
    'the host’s number is not the container’s',
  );
  assert.equal(memoryUse(sample(0, { memory: { total: 100 } })), undefined);
});

test('statistics are exact', () => {
  assert.equal(statistics([]), undefined);
  assert.deepEqual(statistics([3]), { min: 3, mean: 3, median: 3, p95: 3, max: 3 });
  assert.deepEqual(statistics([4, 1, 3, 2]), { min: 1, mean: 2.5, median: 2.5, p95: 4, max: 4 });
  const twenty = statistics(Array.from({ length: 20 }, (_, i) => 20 - i));
  assert.deepEqual([twenty?.p95, twenty?.max, twenty?.median], [19, 20, 10.5]);
});

test('no tick falls between two exports, and none is in two of them', () => {
  const follower = followMetered(3, 1000);
  const exported: number[] = [];
  for (let slot = 0; slot <= 12; slot++) {
    follower.add(sample(slot, own(slot)));
    if (slot % 3 !== 0 || slot === 0) continue;
    exported.push(...follower.metered().ticks.map((tick) => tick.slot));
    follower.close();
  }
  assert.deepEqual(exported, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('a late export covers all ticks since the last one; another reader sees the last interval', () => {
  const follower = followMetered(3, 1000);
  for (let slot = 0; slot <= 3; slot++) follower.add(sample(slot, own(slot)));
  follower.close();
  for (let slot = 4; slot <= 9; slot++) follower.add(sample(slot, own(slot)));
  assert.deepEqual(
    follower.metered().ticks.map(({ slot }) => slot),
    [4, 5, 6, 7, 8, 9],
  );
  follower.close();
  follower.add(sample(10, own(10)));
  assert.deepEqual(
    follower.metered().ticks.map(({ slot }) => slot),
    [8, 9, 10],
  );
});

test('ticks do not pile up where nobody exports', () => {
  const follower = followMetered(3, 1000);
  for (let slot = 0; slot <= 10; slot++) follower.add(sample(slot, own(slot)));
  assert.equal(follower.metered().ticks.length, 3);
  const stuck = followMetered(3, 1000);
  stuck.add(sample(0, own(0)));
  stuck.close();
  for (let slot = 1; slot <= 5000; slot++) stuck.add(sample(slot, own(slot)));
  assert.equal(stuck.metered().ticks.length, 3600);
});

test('two samples that are close together make one span with the next: ticks of 10 ms are no rate', () => {
  const follower = followMetered(10, 1000);
  follower.add(sample(0, own(0), 0));
  assert.equal(follower.add(sample(1.9, own(1), 1)).cpu?.value, 1 / 1.9);
  assert.equal(follower.add(sample(2, own(1.1), 2)).cpu, undefined);
  const value = follower.add(sample(3, own(2.1), 3)).cpu?.value ?? 0;
  assert.ok(Math.abs(value - 1) < 1e-9, `1.1 s of CPU time in 1.1 s, not ${value}`);
});

test('a sample in which CPU time could not be read costs no CPU time: the next rate reaches over it', () => {
  const follower = followMetered(10, 1000);
  follower.add(sample(0, own(0)));
  assert.equal(follower.add(sample(1, { container: { cpu: { path: '/a' } } })).cpu, undefined);
  assert.equal(follower.add(sample(2, own(3))).cpu?.value, 1.5);
});

const charged = (tickPeak?: number) => ({
  container: { memory: { path: '/a', usage: 1, workingSet: 1, limits: [], tickPeak } },
});

const peakNow = (follower: ReturnType<typeof followMetered>) =>
  emitted(metered, follower.metered())['memoryPeak container'];

test('the peak is the highest of all ticks since the last export, whatever was in use at the ticks', () => {
  const follower = followMetered(3, 1000);
  for (const [slot, peak] of [undefined, 700, 900, 800].entries()) follower.add(sample(slot, charged(peak)));
  assert.equal(peakNow(follower), 900);
  follower.close();
  for (const [at, peak] of [100, 300, 200, 150].entries()) follower.add(sample(4 + at, charged(peak)));
  assert.equal(peakNow(follower), 300, 'that of before the export is over, that of a late export is not');
});

test('where the kernel tells no peak there is none', () => {
  const follower = followMetered(3, 1000);
  for (let slot = 0; slot < 3; slot++) follower.add(sample(slot, charged()));
  assert.equal(peakNow(follower), undefined);
  follower.add(sample(3, { memory: { total: 100, available: 40 } }));
  assert.equal(peakNow(follower), undefined);
});

test('the limits that the user gave hold for what is exported', () => {
  const cpu = { value: 1.5, source: 'configured', file: 'JOBMETER_LIMITS_CPU' } as const;
  const follower = followMetered(3, 1000, { cpu });
  follower.add(sample(0, own(0)));
  assert.deepEqual(emitted(metered, follower.metered()), { 'cpuLimit container configured': 1.5 });
});
