import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Batch, Consumer, Journal } from '../../src/journal/journal.ts';

const ALL = 1_000_000;

/** A record that knows which one it is, of at least four bytes. */
export function record(id: number, size = 4): Uint8Array {
  const bytes = new Uint8Array(size).fill(id % 251);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

export function idsOf(batch: Batch | undefined): number[] | undefined {
  return batch?.records.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
}

export function lostBy({ stats }: Consumer): number {
  return [...stats.lost.values()].reduce((total, count) => total + count, 0);
}

function appendAll(journal: Journal, from: number, to: number, size?: number): void {
  for (let id = from; id <= to; id++) journal.append(record(id, size));
}

const ignore = () => {};

/** What every journal must do. How much it gives up beyond what it must is its own affair, up to half of its bound. */
export function testJournal(name: string, open: (mostBytes: number) => Journal): void {
  suite(name, () => {
    test('hands out records in order, each once, in batches of at most so many', () => {
      const journal = open(ALL);
      const consumer = journal.consumer('one', ignore);
      appendAll(journal, 1, 5);
      const batches = [];
      for (let batch = consumer.take(2, ALL); batch !== undefined; batch = consumer.take(2, ALL)) {
        batches.push(idsOf(batch));
        assert.equal(batch.last - batch.first + 1, batch.records.length);
        consumer.done();
      }
      assert.deepEqual(batches, [[1, 2], [3, 4], [5]]);
      assert.deepEqual(consumer.stats, { taken: 5, lost: new Map() });
    });

    test('hands out records byte for byte', () => {
      const journal = open(ALL);
      const consumer = journal.consumer('one', ignore);
      const records = [new Uint8Array([0, 10, 13, 255]), new TextEncoder().encode('{"ä":"\\n"}\n'), record(3, 70_000)];
      for (const bytes of records) journal.append(bytes);
      const taken = consumer.take(9, ALL)!.records.map((bytes) => Buffer.from(bytes).toString('hex'));
      assert.deepEqual(
        taken,
        records.map((bytes) => Buffer.from(bytes).toString('hex')),
      );
    });

    test('a batch holds at most so many bytes, and at least one record', () => {
      const journal = open(ALL);
      const consumer = journal.consumer('one', ignore);
      appendAll(journal, 1, 5, 10);
      assert.deepEqual(idsOf(consumer.take(9, 29)), [1, 2]);
      consumer.done();
      assert.deepEqual(idsOf(consumer.take(9, 20)), [3, 4]);
      consumer.done();
      assert.deepEqual(idsOf(consumer.take(9, 1)), [5]);
    });

    test('hands out the same batch until it is done, whatever comes in and whatever is asked for', () => {
      const journal = open(ALL);
      const consumer = journal.consumer('one', ignore);
      appendAll(journal, 1, 3);
      const batch = consumer.take(2, ALL);
      journal.append(record(4));
      assert.deepEqual(consumer.take(9, ALL), batch);
      consumer.done();
      assert.deepEqual(idsOf(consumer.take(9, ALL)), [3, 4]);
    });

    test('has nothing for who waits, until something comes', () => {
      const journal = open(ALL);
      const consumer = journal.consumer('one', ignore);
      assert.equal(consumer.take(9, ALL), undefined);
      consumer.done();
      journal.append(record(1));
      assert.deepEqual(idsOf(consumer.take(9, ALL)), [1]);
      consumer.done();
      assert.equal(consumer.take(9, ALL), undefined);
    });

    test('tells every consumer of each record, when it can be taken', () => {
      const journal = open(ALL);
      const seen: (readonly number[] | undefined)[] = [];
      const eager: Consumer = journal.consumer('eager', () => {
        seen.push(idsOf(eager.take(9, ALL)));
        eager.done();
      });
      let told = 0;
      journal.consumer('lazy', () => told++);
      appendAll(journal, 1, 3);
      assert.deepEqual(seen, [[1], [2], [3]]);
      assert.equal(told, 3);
    });

    test('consumers go at their own pace', () => {
      const journal = open(ALL);
      const fast = journal.consumer('fast', ignore);
      const slow = journal.consumer('slow', ignore);
      appendAll(journal, 1, 2);
      assert.deepEqual(idsOf(fast.take(9, ALL)), [1, 2]);
      fast.done();
      appendAll(journal, 3, 4);
      assert.deepEqual(idsOf(slow.take(3, ALL)), [1, 2, 3]);
      assert.deepEqual(idsOf(fast.take(9, ALL)), [3, 4]);
      slow.done();
      assert.deepEqual(idsOf(slow.take(9, ALL)), [4]);
    });

    test('a consumer starts with the next record', () => {
      const journal = open(ALL);
      journal.append(record(1));
      const first = journal.consumer('first', ignore);
      journal.append(record(2));
      const second = journal.consumer('second', ignore);
      journal.append(record(3));
      assert.deepEqual(idsOf(first.take(9, ALL)), [2, 3]);
      assert.deepEqual(idsOf(second.take(9, ALL)), [3]);
      assert.deepEqual([first.stats.taken, second.stats.taken], [2, 1]);
    });

    test('gives up the oldest, and counts them for each consumer that had not taken them', () => {
      const journal = open(5000);
      const slow = journal.consumer('slow', ignore);
      const fast = journal.consumer('fast', ignore);
      for (const last of [25, 50, 75]) {
        appendAll(journal, last - 24, last, 100);
        if (last === 25) assert.equal(lostBy(slow), 0, 'half of the bound fits');
        assert.equal(fast.take(100, ALL)?.records.length, 25);
        fast.done();
      }
      assert.deepEqual(fast.stats, { taken: 75, lost: new Map() });

      const kept = idsOf(slow.take(100, ALL))!;
      const newest = Array.from(kept, (_, i) => 75 - kept.length + 1 + i);
      assert.deepEqual(kept, newest);
      assert.ok(kept.length >= 25 && kept.length <= 50, `${kept.length} records of 100 bytes kept`);
      assert.equal(slow.stats.taken, 75);
      assert.equal(lostBy(slow), 75 - kept.length);
    });

    test('the batch in hand is neither given up nor counted', () => {
      const journal = open(10_000);
      const consumer = journal.consumer('one', ignore);
      appendAll(journal, 1, 3, 1000);
      const batch = consumer.take(2, ALL);
      appendAll(journal, 4, 50, 1000);
      assert.deepEqual(idsOf(consumer.take(2, ALL)), [1, 2]);
      assert.deepEqual(consumer.take(2, ALL), batch);
      consumer.done();
      const kept = idsOf(consumer.take(999, ALL))!;
      assert.equal(kept.at(-1), 50);
      assert.equal(lostBy(consumer), 50 - 2 - kept.length);
    });

    test('a record larger than the bound is kept while it is the newest', () => {
      const journal = open(1000);
      const consumer = journal.consumer('one', ignore);
      journal.append(record(1, 100));
      journal.append(record(2, 5000));
      assert.equal(lostBy(consumer), 1);
      assert.deepEqual(idsOf(consumer.take(9, 10)), [2]);
      consumer.done();
      journal.append(record(3, 5000));
      journal.append(record(4, 100));
      assert.equal(lostBy(consumer), 2);
      assert.deepEqual(idsOf(consumer.take(9, ALL)), [4]);
    });

    test('model: whatever happens, nothing is handed out twice or out of order, and every record is accounted for', () => {
      const operation = fc.oneof(
        { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), size: fc.integer({ min: 4, max: 60 }) }) },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('take'),
            who: fc.nat(3),
            records: fc.integer({ min: 1, max: 6 }),
            bytes: fc.integer({ min: 1, max: 200 }),
          }),
        },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('done'), who: fc.nat(3) }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('join') }) },
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 400 }), fc.array(operation as fc.Arbitrary<Operation>), (bound, all) => {
          const model = createModel(open(bound), bound);
          model.run({ kind: 'join' });
          for (const one of all) model.run(one);
          model.drain();
        }),
        { numRuns: 200 },
      );
    });
  });
}

type Operation =
  | { kind: 'append'; size: number }
  | { kind: 'take'; who: number; records: number; bytes: number }
  | { kind: 'done'; who: number }
  | { kind: 'join' };

interface Reader {
  readonly consumer: Consumer;
  /** Records appended before it came. */
  readonly since: number;
  handed: number;
  lost: number;
  hand: Batch | undefined;
}

/** Runs operations and holds the journal to what it says. */
function createModel(journal: Journal, bound: number) {
  const sizes: number[] = [];
  const readers: Reader[] = [];
  let offset: number | undefined;

  /** The ids that wait for a reader: the newest, by its own count. */
  function waitingOf({ consumer, since, handed }: Reader): number[] {
    const { taken } = consumer.stats;
    assert.equal(taken, sizes.length - since);
    const count = taken - lostBy(consumer) - handed;
    assert.ok(count >= 0, 'never more handed out and lost than taken');
    return Array.from({ length: count }, (_, i) => sizes.length - count + 1 + i);
  }

  function take(reader: Reader, mostRecords: number, mostBytes: number): void {
    const waiting = waitingOf(reader);
    const batch = reader.consumer.take(mostRecords, mostBytes);
    if (reader.hand !== undefined) {
      assert.deepEqual(batch, reader.hand, 'the same batch until it is done');
      return;
    }
    const fitting = waiting.slice(0, mostRecords);
    while (fitting.length > 1 && bytesOf(fitting) > mostBytes) fitting.pop();
    assert.deepEqual(idsOf(batch) ?? [], fitting, 'the oldest that wait, as many as fit');
    if (batch === undefined) return;
    assert.deepEqual(
      [...batch.records],
      fitting.map((id) => record(id, sizes[id - 1])),
      'byte for byte',
    );
    offset ??= batch.first - fitting[0]!;
    assert.deepEqual([batch.first, batch.last], [fitting[0]! + offset, fitting.at(-1)! + offset], 'sequence numbers');
    reader.hand = batch;
    reader.handed += fitting.length;
  }

  function bytesOf(ids: readonly number[]): number {
    return ids.reduce((total, id) => total + sizes[id - 1]!, 0);
  }

  function check(isAppend: boolean): void {
    for (const reader of readers) {
      const waiting = waitingOf(reader);
      assert.ok(waiting.length <= 1 || bytesOf(waiting) <= bound, 'never more bytes than the bound');
      const lost = lostBy(reader.consumer);
      assert.ok(isAppend ? lost >= reader.lost : lost === reader.lost, 'a loss happens at an append and stays');
      reader.lost = lost;
    }
  }

  function run(operation: Operation): void {
    const reader = readers['who' in operation ? operation.who : -1];
    if (operation.kind === 'append') {
      sizes.push(operation.size);
      journal.append(record(sizes.length, operation.size));
    } else if (operation.kind === 'join') {
      const consumer = journal.consumer(`consumer ${readers.length}`, ignore);
      readers.push({ consumer, since: sizes.length, handed: 0, lost: 0, hand: undefined });
    } else if (reader !== undefined && operation.kind === 'take') take(reader, operation.records, operation.bytes);
    else if (reader !== undefined) {
      reader.consumer.done();
      reader.hand = undefined;
    }
    check(operation.kind === 'append');
  }

  return {
    run,
    drain() {
      for (const [who, reader] of readers.entries()) {
        do {
          run({ kind: 'done', who });
          run({ kind: 'take', who, records: 3, bytes: 100 });
        } while (reader.hand !== undefined);
        assert.equal(reader.consumer.stats.taken, reader.handed + reader.lost);
      }
    },
  };
}
