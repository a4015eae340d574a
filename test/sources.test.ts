import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sources } from '../instrumentation/index.ts';

test('what counts is read whenever it is wanted: a rate over an old reading would be wrong', () => {
  for (const { name, period, isTicked, metrics } of sources) {
    if (period === undefined) continue;
    assert.ok(!isTicked, `${name} is read at every tick, whatever its period`);
    for (const metric of Object.values(metrics)) assert.notEqual(metric.kind, 'counter', `${name}: ${metric.name}`);
  }
});

test('each source has a name of its own', () => {
  const names = sources.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
});
