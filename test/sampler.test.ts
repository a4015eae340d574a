import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uptime } from '../instrumentation/host/uptime.ts';
import { createSampler, type Tick } from '../src/sampler.ts';
import { createFakeClock } from './support/clock.ts';

/** A sampler of 1 s whose machine says its uptime, suspensions included. */
function start() {
  const clock = createFakeClock();
  const ticks: Tick[] = [];
  const world = { suspendedSeconds: 0, readingTakes: 0 };
  const sampler = createSampler({
    interval: 1000,
    clock,
    read() {
      const at = clock.monotonic();
      clock.stall(world.readingTakes);
      return new Map([[uptime, { snapshot: at / 1000 + world.suspendedSeconds, at, wall: clock.wall() }]]);
    },
    onTick: (tick) => ticks.push(tick),
  });
  const began = clock.monotonic();
  sampler.start();
  return { clock, ticks, world, sampler, began, slots: () => ticks.map(({ sample }) => sample.slot) };
}

test('the first sample at once, then one each interval, without drift', async () => {
  const { clock, ticks, sampler, world, began, slots } = start();
  assert.deepEqual(slots(), [0]);
  world.readingTakes = 30;
  await clock.advance(100_000);
  assert.deepEqual(
    slots(),
    Array.from({ length: 101 }, (_, slot) => slot),
  );
  const at = ticks.map(({ sample }) => sample.readings.get(uptime)!.at - began);
  assert.ok(
    at.every((time, slot) => time - slot * 1000 < 2),
    'each at its time, however long reading takes',
  );
  assert.deepEqual(sampler.stats, { onTime: 101, late: 0, missed: 0, suspended: 0 });
  assert.equal(ticks.at(-1)!.duration, 0.03);
});

test('a late tick is late, those whose time went by are missed, and none is made up for', async () => {
  const { clock, ticks, sampler, slots } = start();
  await clock.advance(2000);
  clock.stall(1500);
  await clock.advance(0);
  assert.deepEqual(slots(), [0, 1, 2, 3]);
  assert.deepEqual(sampler.stats, { onTime: 3, late: 1, missed: 0, suspended: 0 });
  assert.equal(ticks.at(-1)!.lateness, 0.5);
  clock.stall(600_000);
  await clock.advance(0);
  assert.deepEqual(slots(), [0, 1, 2, 3, 603], 'one sample after ten minutes of standstill');
  assert.equal(sampler.stats.missed, 599);
  await clock.advance(2000);
  assert.deepEqual(slots().slice(-2), [604, 605]);
});

test('the machine’s suspension is counted in ticks, apart from missed ones', async () => {
  const { clock, world, sampler } = start();
  await clock.advance(3000);
  world.suspendedSeconds = 42;
  await clock.advance(3000);
  assert.deepEqual(sampler.stats, { onTime: 7, late: 0, missed: 0, suspended: 42 });
});

test('the machine’s clock may jump either way', async () => {
  const { clock, ticks, sampler } = start();
  await clock.advance(2000);
  clock.setWall(Date.UTC(1999, 0, 1));
  await clock.advance(2000);
  clock.setWall(Date.UTC(2040, 0, 1));
  await clock.advance(2000);
  assert.equal(sampler.stats.onTime, 7);
  assert.deepEqual(
    ticks.map(({ sample }) => new Date(sample.wall).getUTCFullYear()),
    [2026, 2026, 2026, 1999, 1999, 2040, 2040],
  );
});

test('a sample out of turn, and none after the end', async () => {
  const { clock, sampler, slots } = start();
  await clock.advance(1000);
  await clock.advance(400);
  sampler.stop();
  sampler.sampleNow();
  assert.deepEqual(slots(), [0, 1, 1]);
  sampler.sampleNow();
  assert.deepEqual(slots(), [0, 1, 1], 'not twice at one moment');
  await clock.advance(5000);
  assert.deepEqual(slots(), [0, 1, 1]);
  assert.equal(clock.timers, 0);
});
