import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Health, livenessTrouble, readinessTrouble } from '../src/health.ts';

const MINUTE = 60_000;

function health(changes: Partial<Health> = {}): Health {
  return {
    now: 1_000_000,
    interval: 1000,
    exportInterval: 10_000,
    sampledAt: 1_000_000,
    exportFailed: false,
    deliveries: [],
    ...changes,
  };
}

const delivery = (age: number, changes: Partial<Health['deliveries'][number]> = {}): Health['deliveries'][number] => ({
  destination: 'otlp',
  deliveredAt: 1_000_000 - age,
  trouble: undefined,
  ...changes,
});

test('it is alive while samples are taken: three intervals, and ten seconds at least, may pass', () => {
  const age = (milliseconds: number, interval: number) =>
    livenessTrouble(health({ sampledAt: 1_000_000 - milliseconds, interval }));
  assert.equal(age(0, 1000), undefined);
  assert.equal(age(10_000, 1000), undefined);
  assert.equal(age(10_001, 1000), 'the last sample was taken 10 s ago');
  assert.equal(age(10_000, 100), undefined);
  assert.equal(age(180_000, 60_000), undefined);
  assert.equal(age(181_000, 60_000), 'the last sample was taken 181 s ago');
  assert.equal(livenessTrouble(health({ sampledAt: undefined })), 'no sample was taken yet');
});

test('what is delivered, or not, does not matter to being alive', () => {
  const stuck = delivery(3_600_000, { trouble: 'refused' });
  assert.equal(livenessTrouble(health({ deliveries: [stuck] })), undefined);
});

test('it is ready while what waits is delivered: five minutes, and three exports at least, may pass', () => {
  const ready = (age: number, exportInterval = 10_000) =>
    readinessTrouble(health({ deliveries: [delivery(age)], exportInterval }));
  assert.equal(ready(0), undefined);
  assert.equal(ready(5 * MINUTE), undefined);
  assert.equal(ready(5 * MINUTE + 1), 'nothing was delivered by otlp for 300 s');
  assert.equal(ready(30 * MINUTE, 10 * MINUTE), undefined);
  assert.equal(ready(31 * MINUTE, 10 * MINUTE), 'nothing was delivered by otlp for 1860 s');
});

test('where nothing is to be delivered nothing is late', () => {
  assert.equal(readinessTrouble(health()), undefined);
});

test('each destination that is stuck is named, with its trouble', () => {
  const deliveries = [
    delivery(6 * MINUTE, { trouble: 'HTTP 503' }),
    delivery(MINUTE, { destination: 'other', trouble: 'HTTP 503' }),
    delivery(7 * MINUTE, { destination: 'console' }),
  ];
  assert.equal(
    readinessTrouble(health({ deliveries })),
    'nothing was delivered by otlp for 360 s: HTTP 503; nothing was delivered by console for 420 s',
  );
});

test('what does not sample is not ready either', () => {
  assert.equal(readinessTrouble(health({ sampledAt: undefined })), 'no sample was taken yet');
  const deliveries = [delivery(6 * MINUTE)];
  assert.equal(readinessTrouble(health({ sampledAt: 900_000, deliveries })), 'the last sample was taken 100 s ago');
});

test('over time: it starts, gets stuck, delivers, and stops sampling', () => {
  const at = (now: number, sampledAt: number | undefined, deliveredAt: number) => {
    const state = { now, interval: 1000, exportInterval: 10_000, exportFailed: false, sampledAt };
    const deliveries = [{ destination: 'otlp', deliveredAt, trouble: undefined }];
    return [livenessTrouble({ ...state, deliveries }), readinessTrouble({ ...state, deliveries })].map(
      (trouble) => trouble === undefined,
    );
  };
  assert.deepEqual(at(0, undefined, 0), [false, false]);
  assert.deepEqual(at(1000, 1000, 0), [true, true]);
  assert.deepEqual(at(299_000, 299_000, 0), [true, true]);
  assert.deepEqual(at(301_000, 301_000, 0), [true, false]);
  assert.deepEqual(at(310_000, 310_000, 309_000), [true, true]);
  assert.deepEqual(at(321_000, 310_000, 309_000), [false, false]);
});

test('it is not ready where no export comes out', () => {
  assert.equal(readinessTrouble(health({ exportFailed: true })), 'the last export failed');
});
