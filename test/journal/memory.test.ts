import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemoryJournal } from '../../src/journal/memory.ts';
import { idsOf, lostBy, record, testJournal } from './conformance.ts';

testJournal('memory journal', createMemoryJournal);

test('memory journal: gives up no record more than it must', () => {
  const sizes = fc.array(fc.integer({ min: 4, max: 60 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), sizes, (bound, sizes) => {
      const journal = createMemoryJournal(bound);
      const consumer = journal.consumer('one', () => {});
      sizes.forEach((size, i) => journal.append(record(i + 1, size)));

      const fitting = [sizes.length];
      let bytes = sizes.at(-1)!;
      for (let id = sizes.length - 1; id > 0 && bytes + sizes[id - 1]! <= bound; id--) {
        bytes += sizes[id - 1]!;
        fitting.unshift(id);
      }
      assert.deepEqual(idsOf(consumer.take(1000, 100_000)), fitting);
      assert.equal(lostBy(consumer), sizes.length - fitting.length);
    }),
  );
});

test('memory journal: what every consumer has taken makes room', () => {
  const journal = createMemoryJournal(100);
  const consumers = ['one', 'two'].map((name) => journal.consumer(name, () => {}));
  for (let round = 0; round < 10; round++) {
    journal.append(record(1, 100));
    for (const consumer of consumers) {
      assert.equal(consumer.take(1, 100)?.records.length, 1);
      consumer.done();
    }
  }
  for (const consumer of consumers) assert.deepEqual(consumer.stats, { taken: 10, lost: new Map() });
});

test('memory journal: keeps nothing while nobody reads', () => {
  const journal = createMemoryJournal(1000);
  for (let id = 1; id <= 5; id++) journal.append(record(id, 300));
  const consumer = journal.consumer('late', () => {});
  journal.append(record(6, 1000));
  assert.deepEqual(consumer.stats, { taken: 1, lost: new Map() });
  assert.deepEqual(idsOf(consumer.take(9, 9999)), [6]);
});
