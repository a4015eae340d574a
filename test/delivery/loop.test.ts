import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Destination, Verdict } from '../../src/delivery/destination.ts';
import { startDelivery } from '../../src/delivery/loop.ts';
import { createMemoryJournal } from '../../src/journal/memory.ts';
import { createLog } from '../../src/log.ts';
import { createFakeClock } from '../support/clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const delivered: Verdict = { kind: 'delivered' };
const transient: Verdict = { kind: 'transient', reason: 'busy' };
const endpoint: Verdict = { kind: 'endpoint', reason: 'HTTP 401' };
const data: Verdict = { kind: 'data', reason: 'HTTP 400' };
const tooLarge: Verdict = { kind: 'data', reason: 'HTTP 413', tooLarge: true };

interface Request {
  readonly ids: readonly number[];
  /** Milliseconds since the start. */
  readonly at: number;
}

interface Options {
  readonly answer: (ids: readonly number[], signal: AbortSignal) => Verdict | Promise<Verdict>;
  /** The answer to an empty request. */
  readonly answerToNothing?: () => Verdict;
  readonly random?: number;
  readonly journalBytes?: number;
  readonly mostRecords?: number;
}

/** A loop over a destination that answers by script. Records are numbered from 1, and four bytes long. */
function start({
  answer,
  answerToNothing = () => delivered,
  random = 1,
  journalBytes = 1_000_000,
  mostRecords = 1000,
}: Options) {
  const clock = createFakeClock();
  const began = clock.monotonic();
  const requests: Request[] = [];
  const accepted: number[] = [];
  const lines: string[] = [];
  const faults: string[] = [];
  const journal = createMemoryJournal(journalBytes);
  let appended = 0;
  let inFlight = 0;

  const destination: Destination = {
    name: 'scripted',
    address: 'http://receiver/',
    mostRecords,
    mostBytes: 1_000_000,
    async send(records, signal) {
      if (inFlight > 0) faults.push('two requests in flight');
      if (records.length === 0) return answerToNothing();
      inFlight++;
      const ids = records.map((bytes) => new DataView(bytes.buffer).getUint32(0));
      requests.push({ ids, at: clock.monotonic() - began });
      const verdict = await answer(ids, signal);
      if (verdict.kind === 'delivered') accepted.push(...ids);
      inFlight--;
      return verdict;
    },
  };
  const log = createLog({
    write: (line) => lines.push(line.trimEnd()),
    clock: createFakeClock(),
    level: 'info',
    isPretty: true,
  });
  const delivery = startDelivery(journal, destination, { clock, log, random: () => random });

  return {
    clock,
    requests,
    accepted,
    lines,
    /** What a test may not throw out of an answer, since `send` never rejects. */
    faults,
    delivery,
    append(count = 1) {
      for (let i = 0; i < count; i++) {
        const bytes = new Uint8Array(4);
        new DataView(bytes.buffer).setUint32(0, ++appended);
        journal.append(bytes);
      }
    },
    /** What the loop says is what the test saw. */
    check(lost: Record<string, number> = {}) {
      assert.deepEqual(faults, []);
      const { stats } = delivery;
      const gone = Object.values(lost).reduce((total, count) => total + count, 0);
      assert.deepEqual(
        {
          taken: stats.taken,
          delivered: stats.delivered,
          lost: Object.fromEntries(stats.lost),
          waiting: stats.waiting,
        },
        { taken: appended, delivered: accepted.length, lost, waiting: appended - accepted.length - gone },
      );
    },
    /** The times between requests. */
    pauses: () => requests.slice(1).map(({ at }, i) => at - requests[i]!.at),
    /** What became of stop(), without waiting for it. */
    stop(milliseconds: number) {
      const state = { isOver: false };
      void delivery.stop(milliseconds).then(() => (state.isOver = true));
      return state;
    },
  };
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Answers in turn, the last one for ever. */
function inTurn(...verdicts: Verdict[]): () => Verdict {
  return () => (verdicts.length > 1 ? verdicts.shift()! : verdicts[0]!);
}

suite('while all is well', () => {
  test('each record is sent once, in order, as soon as it comes', async () => {
    const loop = start({ answer: () => delivered });
    loop.append();
    await loop.clock.advance(0);
    loop.append(3);
    loop.append(2);
    await loop.clock.advance(0);
    assert.deepEqual(loop.requests, [
      { ids: [1], at: 0 },
      { ids: [2, 3, 4, 5, 6], at: 0 },
    ]);
    loop.check();
    assert.equal(loop.delivery.stats.attempts.delivered, 2);
    assert.equal(loop.delivery.stats.trouble, undefined);
    assert.deepEqual(loop.lines, []);
    assert.equal(loop.clock.timers, 0);
  });

  test('a backlog goes out in requests of at most so many records', async () => {
    const loop = start({ answer: () => delivered, mostRecords: 4 });
    loop.append(10);
    await loop.clock.advance(0);
    assert.deepEqual(
      loop.requests.map(({ ids }) => ids),
      [upTo(4), upTo(8, 5), upTo(10, 9)],
    );
    loop.check();
  });

  test('while an answer is awaited, records wait, and all of them are sent after it', async () => {
    const answers: (() => void)[] = [];
    const loop = start({ answer: () => new Promise((resolve) => answers.push(() => resolve(delivered))) });
    loop.append();
    await loop.clock.advance(0);
    loop.append(3);
    await loop.clock.advance(10 * MINUTE);
    assert.equal(loop.requests.length, 1);
    loop.check();
    answers.shift()!();
    await loop.clock.advance(0);
    assert.deepEqual(loop.requests.at(-1)?.ids, [2, 3, 4]);
    loop.check();
    answers.shift()!();
    await loop.clock.advance(0);
    loop.check();
    assert.equal(loop.delivery.stats.waiting, 0);
  });

  test('what the receiver refused out of an accepted request is counted, said, and not sent again', async () => {
    const loop = start({ answer: inTurn({ kind: 'delivered', rejected: 3, warning: 'bad unit' }, delivered) });
    loop.append();
    await loop.clock.advance(0);
    loop.append();
    await loop.clock.advance(0);
    assert.deepEqual(loop.accepted, [1, 2]);
    loop.check();
    assert.equal(loop.delivery.stats.rejectedPoints, 3);
    assert.equal(loop.lines.length, 1);
    assert.match(loop.lines[0]!, /refuses data points: bad unit/);
  });

  test('a warning is said once, and of ever new ones only some', async () => {
    let number = 0;
    const loop = start({
      answer: () => ({ kind: 'delivered', warning: `deprecated ${number % 10_000}` }),
      mostRecords: 1,
    });
    loop.append(5);
    await loop.clock.advance(0);
    assert.deepEqual(loop.lines, ['jobmeter: warning: http://receiver/ says: deprecated 0']);
    for (; number < 500; number++) {
      loop.append();
      await loop.clock.advance(0);
    }
    assert.equal(loop.accepted.length, 505);
    assert.ok(loop.lines.length <= 100, `${loop.lines.length} lines`);
  });
});

suite('a transient failure', () => {
  test('is tried again with pauses that grow to five minutes', async () => {
    const loop = start({ answer: () => transient, random: 1 });
    loop.append();
    await loop.clock.advance(30 * MINUTE);
    assert.deepEqual(
      loop.pauses().slice(0, 11),
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * SECOND),
    );
    loop.check();
    assert.equal(loop.delivery.stats.attempts.transient, loop.requests.length);
    assert.equal(loop.delivery.stats.trouble, 'busy');
    assert.equal(loop.lines.length, 1, 'said once');
    assert.match(loop.lines[0]!, /cannot deliver to http:\/\/receiver\/: busy/);
  });

  test('is tried again after any part of that pause, but never at once', async () => {
    const half = start({ answer: () => transient, random: 0.5 });
    half.append();
    await half.clock.advance(3.5 * SECOND);
    assert.deepEqual(half.pauses(), [500, 1000, 2000]);

    const none = start({ answer: () => transient, random: 0 });
    none.append();
    await none.clock.advance(SECOND);
    assert.deepEqual([...new Set(none.pauses())], [50]);
  });

  test('for ever: an hour later everything is delivered, the oldest first', async () => {
    let isDown = true;
    const loop = start({ answer: () => (isDown ? transient : delivered), mostRecords: 50 });
    for (let minute = 0; minute < 60; minute++) {
      loop.append();
      await loop.clock.advance(MINUTE);
      loop.check();
    }
    isDown = false;
    await loop.clock.advance(5 * MINUTE);
    assert.deepEqual(loop.accepted, upTo(60));
    loop.check();
  });

  test('is over with a delivery, which is said, and the next trouble starts anew', async () => {
    const loop = start({ answer: inTurn(transient, transient, delivered, transient, delivered) });
    loop.append();
    await loop.clock.advance(3 * SECOND);
    assert.equal(loop.delivery.stats.trouble, undefined);
    assert.deepEqual(loop.lines.slice(1), ['jobmeter: delivering to http://receiver/ again']);
    loop.append();
    await loop.clock.advance(SECOND);
    assert.deepEqual(loop.pauses(), [1000, 2000, 0, 1000]);
    assert.deepEqual(loop.accepted, [1, 2]);
    assert.equal(loop.lines.length, 2, 'one that comes and goes is not said each time');
    loop.check();
  });

  test('one that comes and goes is said once a minute', async () => {
    let count = 0;
    const loop = start({ answer: () => (count++ % 2 === 0 ? transient : delivered) });
    for (let second = 0; second < 180; second++) {
      loop.append();
      await loop.clock.advance(SECOND);
    }
    assert.ok(loop.lines.length >= 4 && loop.lines.length <= 8, loop.lines.join('\n'));
  });

  test('that the oldest are given up is said, once', async () => {
    const loop = start({ answer: () => transient, journalBytes: 40 });
    loop.append(100);
    await loop.clock.advance(MINUTE);
    loop.append(100);
    await loop.clock.advance(MINUTE);
    assert.equal(loop.lines.filter((line) => /no more room: the oldest samples/.test(line)).length, 1);
  });

  test('new records do not wake the loop out of its pause', async () => {
    const loop = start({ answer: inTurn(transient, transient, transient, delivered) });
    loop.append();
    for (let i = 0; i < 70; i++) {
      await loop.clock.advance(100);
      loop.append();
    }
    assert.deepEqual(loop.pauses().slice(0, 3), [1000, 2000, 4000]);
    await loop.clock.advance(0);
    assert.deepEqual(loop.accepted, upTo(71));
  });

  test('sends the same records again, also when newer ones have pushed out what waited', async () => {
    const loop = start({ answer: inTurn(transient, delivered), journalBytes: 40, mostRecords: 5 });
    loop.append(5);
    await loop.clock.advance(0);
    loop.append(30);
    loop.check({ bytes: 20 });
    await loop.clock.advance(SECOND);
    assert.deepEqual(loop.accepted, [...upTo(5), ...upTo(35, 26)]);
    loop.check({ bytes: 20 });
  });

  test('waits as long as the receiver asks, and its own pause besides', async () => {
    const loop = start({ answer: () => ({ ...transient, retryAfter: 7 * SECOND }) });
    loop.append();
    await loop.clock.advance(30 * SECOND);
    assert.deepEqual(loop.pauses(), [8000, 9000, 11_000]);
  });

  test('is not rushed by a receiver that asks for no pause at all', async () => {
    const loop = start({ answer: () => ({ ...transient, retryAfter: 0 }) });
    loop.append();
    await loop.clock.advance(31 * SECOND);
    assert.deepEqual(loop.pauses(), [1000, 2000, 4000, 8000, 16_000]);
  });
});

suite('an endpoint that needs mending', () => {
  test('is asked at most once a minute, said once, and gets everything when it is mended', async () => {
    let isMended = false;
    const loop = start({ answer: () => (isMended ? delivered : endpoint), random: 0 });
    for (let second = 0; second < 600; second++) {
      loop.append();
      await loop.clock.advance(SECOND);
    }
    assert.deepEqual(
      loop.pauses(),
      Array.from({ length: 10 }, () => MINUTE),
    );
    assert.equal(loop.lines.length, 1);
    assert.match(loop.lines[0]!, /HTTP 401/);
    loop.check();
    isMended = true;
    await loop.clock.advance(MINUTE);
    assert.deepEqual(loop.accepted, upTo(600));
    assert.match(loop.lines[1]!, /delivering .* again/);
    loop.check();
  });

  test('may ask for longer, but not for less', async () => {
    for (const [retryAfter, pause] of [
      [90 * SECOND, 90 * SECOND],
      [SECOND, MINUTE],
    ] as const) {
      const loop = start({ answer: () => ({ ...endpoint, retryAfter }), random: 0 });
      loop.append();
      await loop.clock.advance(2 * MINUTE);
      assert.ok(
        loop.pauses().length > 0 && loop.pauses().every((actual) => actual >= pause && actual < pause + SECOND),
      );
    }
  });

  test('what kind of trouble it is now is said again', async () => {
    const loop = start({ answer: inTurn(transient, endpoint, endpoint, delivered) });
    loop.append();
    await loop.clock.advance(3 * MINUTE);
    assert.deepEqual(
      loop.lines.map((line) => /busy|HTTP 401|delivering/.exec(line)?.[0]),
      ['busy', 'HTTP 401', 'delivering'],
    );
  });
});

suite('refused data', () => {
  test('one poison record among 64 is found, counted and left out; the others are delivered once', async () => {
    for (const poison of [1, 2, 32, 33, 50, 64]) {
      const loop = start({ answer: (ids) => (ids.includes(poison) ? data : delivered) });
      loop.append(64);
      await loop.clock.advance(0);
      assert.deepEqual(
        loop.accepted,
        upTo(64).filter((id) => id !== poison),
      );
      loop.check({ refused: 1 });
      assert.deepEqual(loop.delivery.stats.attempts, {
        // Before anything was delivered it asks whether this is a receiver at all.
        delivered: poison === 1 ? 7 : 6,
        transient: 0,
        endpoint: 0,
        data: 7,
      });
      assert.equal(loop.lines.length, 1);
      assert.match(loop.lines[0]!, /refused a sample for good, it is lost: HTTP 400/);

      loop.append(70);
      await loop.clock.advance(0);
      assert.deepEqual(loop.requests.at(-1)?.ids, upTo(134, 65), 'the next request is as large as ever');
    }
  });

  test('several poison records, and nothing but poison', async () => {
    const loop = start({ answer: (ids) => (ids.some((id) => id % 7 === 0 || id > 100) ? data : delivered) });
    loop.append(120);
    await loop.clock.advance(MINUTE);
    assert.deepEqual(
      loop.accepted,
      upTo(100).filter((id) => id % 7 !== 0),
    );
    loop.check({ refused: 34 });
    assert.equal(loop.lines.length, 1, 'said once');
  });

  test('one that refuses one record after the other is not hammered', async () => {
    const loop = start({ answer: (ids) => (ids.includes(1) ? delivered : data) });
    loop.append();
    await loop.clock.advance(0);
    loop.append(64);
    await loop.clock.advance(MINUTE);
    assert.ok(loop.requests.length < 180, `${loop.requests.length} requests in a minute`);
    await loop.clock.advance(10 * MINUTE);
    loop.check({ refused: 64 });
  });

  test('who never took anything and refuses even an empty request is no receiver: held until it is mended', async () => {
    let isMended = false;
    const verdict = () => (isMended ? delivered : data);
    const loop = start({ answer: verdict, answerToNothing: verdict });
    loop.append(3);
    await loop.clock.advance(10 * MINUTE);
    loop.check();
    assert.ok(loop.requests.length < 20, `${loop.requests.length} requests in ten minutes`);
    assert.match(loop.lines[0]!, /cannot deliver.*HTTP 400.*samples are kept/);
    isMended = true;
    await loop.clock.advance(2 * MINUTE);
    assert.deepEqual(loop.accepted, [1, 2, 3]);
    loop.check();
  });

  test('a failure in the midst of the search is waited for, and the search goes on', async () => {
    let count = 0;
    const loop = start({
      answer(ids) {
        if (count++ % 2 === 1) return transient;
        return ids.includes(5) ? data : delivered;
      },
    });
    loop.append(8);
    await loop.clock.advance(MINUTE);
    assert.deepEqual(
      loop.accepted,
      upTo(8).filter((id) => id !== 5),
    );
    loop.check({ refused: 1 });
  });

  test('refused after trouble: the trouble is over', async () => {
    const loop = start({ answer: inTurn(transient, transient, data, transient, delivered) });
    loop.append();
    await loop.clock.advance(3 * SECOND);
    loop.check({ refused: 1 });
    loop.append();
    await loop.clock.advance(SECOND);
    assert.deepEqual(loop.pauses(), [1000, 2000, 0, 1000], 'a new record is sent at once, and pauses start anew');
    assert.deepEqual(loop.accepted, [2]);
    loop.check({ refused: 1 });
  });

  test('a request that is too large is halved, and the size remembered', async () => {
    const loop = start({ answer: (ids) => (ids.length > 10 ? tooLarge : delivered), mostRecords: 64 });
    loop.append(64);
    await loop.clock.advance(0);
    loop.append(64);
    await loop.clock.advance(0);
    assert.deepEqual(loop.accepted, upTo(128));
    loop.check();
    // 64, 32 and 16 are too large; the second 32 and the other three 16 of the first batch were cut out before that.
    const sizes = loop.requests.map(({ ids }) => ids.length);
    assert.deepEqual(sizes.slice(0, 5), [64, 32, 16, 8, 8]);
    assert.deepEqual(
      sizes.slice(-8),
      Array.from({ length: 8 }, () => 8),
    );
    assert.deepEqual(loop.lines, []);
  });

  test('a single record that is too large is lost, and the next ones are not', async () => {
    const loop = start({ answer: (ids) => (ids.includes(2) ? tooLarge : delivered) });
    loop.append(3);
    await loop.clock.advance(0);
    assert.deepEqual(loop.accepted, [1, 3]);
    loop.check({ refused: 1 });
  });
});

suite('stop', () => {
  test('ends at once when nothing waits', async () => {
    const loop = start({ answer: () => delivered });
    loop.append();
    await loop.clock.advance(0);
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, true);
    assert.equal(loop.clock.timers, 0);
    loop.check();
  });

  test('sends what waits, over several requests, also what came just before', async () => {
    const loop = start({ answer: () => delivered, mostRecords: 2 });
    loop.append(5);
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, upTo(5));
    loop.check();
  });

  test('awaits the answer that is under way', async () => {
    const loop = start({ answer: () => new Promise((resolve) => loop.clock.after(3000, () => resolve(delivered))) });
    loop.append();
    await loop.clock.advance(SECOND);
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(SECOND);
    assert.equal(stop.isOver, false);
    await loop.clock.advance(SECOND);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, [1]);
    assert.equal(loop.clock.timers, 0);
  });

  test('cuts a pause short', async () => {
    const loop = start({ answer: inTurn(endpoint, delivered) });
    loop.append();
    await loop.clock.advance(SECOND);
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, [1]);
    loop.check();
  });

  test('where nobody ever listened, gives up with the next failure', async () => {
    const loop = start({ answer: () => transient });
    loop.append(3);
    await loop.clock.advance(SECOND);
    const { length } = loop.requests;
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, true);
    assert.equal(loop.requests.length, length + 1);
    loop.check({ exit: 3 });
    assert.equal(loop.delivery.stats.trouble, 'busy');
    assert.equal(loop.clock.timers, 0);
  });

  test('where nobody was asked before, asks twice', async () => {
    const loop = start({ answer: () => transient });
    loop.append();
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, false);
    await loop.clock.advance(250);
    assert.equal(stop.isOver, true);
    assert.equal(loop.requests.length, 2);
    loop.check({ exit: 1 });
  });

  test('where the receiver was fine before, goes on until the time is up', async () => {
    const loop = start({ answer: inTurn(delivered, transient) });
    loop.append();
    await loop.clock.advance(0);
    loop.append(2);
    await loop.clock.advance(10 * MINUTE);
    const before = loop.requests.length;
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(7999);
    assert.equal(stop.isOver, false);
    assert.equal(loop.requests.length, before + 32, 'four times a second');
    await loop.clock.advance(1);
    assert.equal(stop.isOver, true);
    loop.check({ exit: 2 });
    assert.equal(loop.clock.timers, 0);
  });

  test('a receiver that comes back in that time gets everything', async () => {
    const loop = start({ answer: inTurn(delivered, transient, transient, transient, transient, delivered) });
    loop.append();
    await loop.clock.advance(0);
    loop.append(2);
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(SECOND);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, [1, 2, 3]);
    loop.check();
  });

  test('heeds Retry-After', async () => {
    const loop = start({ answer: inTurn(delivered, { ...transient, retryAfter: 3000 }, delivered) });
    loop.append();
    await loop.clock.advance(0);
    loop.append();
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(2999);
    assert.equal(loop.requests.length, 2);
    await loop.clock.advance(1);
    assert.equal(stop.isOver, true);
    loop.check();
  });

  test('gives up at once where somebody must mend something first', async () => {
    const loop = start({ answer: inTurn(delivered, endpoint) });
    loop.append();
    await loop.clock.advance(0);
    loop.append();
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(0);
    assert.equal(stop.isOver, true);
    assert.equal(loop.requests.length, 2);
    loop.check({ exit: 1 });
  });

  test('aborts the request that is under way when the time is up, and that is not the trouble', async () => {
    const loop = start({
      answer: (_ids, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ kind: 'transient', reason: 'given up' })),
        ),
    });
    loop.append(2);
    await loop.clock.advance(0);
    loop.append();
    const stop = loop.stop(8 * SECOND);
    await loop.clock.advance(7999);
    assert.equal(stop.isOver, false);
    await loop.clock.advance(1);
    assert.equal(stop.isOver, true);
    assert.equal(loop.requests.length, 1);
    assert.equal(loop.delivery.stats.trouble, undefined);
    loop.check({ exit: 3 });
  });

  test('an answer that comes in spite of that counts', async () => {
    const loop = start({
      answer: (_ids, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(delivered))),
      mostRecords: 2,
    });
    loop.append(5);
    await loop.clock.advance(0);
    const stop = loop.stop(SECOND);
    await loop.clock.advance(SECOND);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, [1, 2]);
    loop.check({ exit: 3 });
  });

  test('in the midst of a search, only what was not settled is lost', async () => {
    const loop = start({
      answer: (ids) => (ids.length > 4 ? data : ids[0] === 1 ? delivered : transient),
    });
    loop.append(8);
    const stop = loop.stop(SECOND);
    await loop.clock.advance(SECOND);
    assert.equal(stop.isOver, true);
    assert.deepEqual(loop.accepted, upTo(4));
    loop.check({ exit: 4 });
  });

  test('twice is once', async () => {
    const loop = start({ answer: inTurn(delivered, transient) });
    loop.append();
    await loop.clock.advance(0);
    loop.append(3);
    const stops = [loop.stop(SECOND), loop.stop(2 * SECOND)];
    await loop.clock.advance(SECOND);
    assert.deepEqual(stops, [{ isOver: true }, { isOver: true }]);
    loop.check({ exit: 3 });
    loop.append();
    loop.stop(SECOND);
    await loop.clock.advance(0);
    loop.check({ exit: 4 });
  });
});

const verdicts: fc.Arbitrary<Verdict> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(delivered) },
  { weight: 1, arbitrary: fc.constant<Verdict>({ kind: 'delivered', rejected: 2, warning: 'two of them' }) },
  { weight: 2, arbitrary: fc.constant(data) },
  { weight: 1, arbitrary: fc.constant(tooLarge) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        kind: fc.constantFrom('transient' as const, 'endpoint' as const),
        reason: fc.constantFrom('busy', 'closed'),
        retryAfter: fc.nat(20 * MINUTE),
      },
      { requiredKeys: ['kind', 'reason'] },
    ),
  },
);

const step = fc.oneof(
  fc.record({ append: fc.integer({ min: 1, max: 12 }), advance: fc.constant(0) }),
  fc.record({ append: fc.nat(2), advance: fc.oneof(fc.nat(2000), fc.nat(10 * MINUTE)) }),
);

const scenario = fc.record({
  answers: fc.array(fc.record({ verdict: verdicts, after: fc.oneof(fc.constant(0), fc.nat(20_000)) }), {
    minLength: 1,
  }),
  before: fc.array(step, { maxLength: 30 }),
  during: fc.array(step, { maxLength: 5 }),
  patience: fc.integer({ min: 1, max: 10_000 }),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
  mostRecords: fc.integer({ min: 1, max: 10 }),
  journalBytes: fc.integer({ min: 1, max: 200 }),
});

test('property: whatever the receiver says, every record is accounted for, in order, once, and without haste', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ answers, before, during, patience, ...options }) => {
      const { clock, delivery, ...loop } = start({ ...options, answer });
      const refused: number[] = [];
      let appended = 0;
      let requests = 0;
      let newest = 0;
      let evicted = 0;
      let isStopping = false;
      let notBefore = 0;

      async function answer(ids: readonly number[], signal: AbortSignal): Promise<Verdict> {
        if (ids[0]! > newest) {
          evicted += ids[0]! - newest - 1;
          newest = ids.at(-1)!;
          if (lostFor('bytes') !== evicted) loop.faults.push('passed over something that it did not count');
        }
        if (!isStopping && clock.monotonic() < notBefore) loop.faults.push('did not wait');
        const { verdict, after } = answers[requests++ % answers.length]!;
        const given = await givenAfter(verdict, after, signal);
        if (given.kind === 'data' && ids.length === 1) refused.push(ids[0]!);
        if (given.kind === 'transient' || given.kind === 'endpoint') {
          notBefore = clock.monotonic() + Math.max(given.kind === 'endpoint' ? MINUTE : 50, given.retryAfter ?? 0);
        }
        return given;
      }

      function givenAfter(verdict: Verdict, after: number, signal: AbortSignal): Verdict | Promise<Verdict> {
        if (after === 0) return verdict;
        const { promise, resolve } = Promise.withResolvers<Verdict>();
        const cancel = clock.after(after, () => resolve(verdict));
        signal.addEventListener('abort', () => {
          cancel();
          resolve({ kind: 'transient', reason: 'given up' });
        });
        return promise;
      }

      function lostFor(reason: string): number {
        return delivery.stats.lost.get(reason) ?? 0;
      }

      function check(): void {
        const { stats } = delivery;
        assert.deepEqual(loop.faults, []);
        assert.equal(stats.delivered, loop.accepted.length);
        assert.equal(lostFor('refused'), refused.length);
        assert.equal(stats.taken, appended);
        assert.ok(stats.waiting >= 0);
        assert.ok(stats.waiting * 4 <= Math.max(4, options.journalBytes) + options.mostRecords * 4, 'bounded');
      }

      async function run(steps: readonly { append: number; advance: number }[]): Promise<void> {
        for (const { append, advance } of steps) {
          loop.append(append);
          appended += append;
          await clock.advance(advance);
          check();
        }
      }

      await run(before);
      isStopping = true;
      let unaccounted: number | undefined;
      void (async () => {
        await delivery.stop(patience);
        unaccounted = appended - loop.accepted.length - refused.length - lostFor('bytes') - lostFor('exit');
      })();
      await run(during);
      await clock.advance(patience);
      assert.equal(unaccounted, 0, 'every record is accounted for, in time');
      assert.equal(clock.timers, 0);

      check();
      const settled = [...loop.accepted, ...refused];
      assert.equal(new Set(settled).size, settled.length, 'nothing twice');
      assert.deepEqual(
        loop.accepted,
        loop.accepted.toSorted((a, b) => a - b),
        'in order',
      );
    }),
    { numRuns: 300 },
  );
});
