import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CountingLog, createLog, type Level } from '../src/log.ts';
import { createFakeClock, type FakeClock } from './support/clock.ts';

interface Setup {
  readonly log: CountingLog;
  readonly clock: FakeClock;
  /** What was written since the last call. */
  taken(): readonly string[];
}

function setUp({ level = 'debug', isPretty = true }: { level?: Level; isPretty?: boolean } = {}): Setup {
  let written: string[] = [];
  const clock = createFakeClock();
  const log = createLog({ write: (line) => void written.push(line), clock, level, isPretty });
  return {
    log,
    clock,
    taken() {
      const lines = written;
      written = [];
      return lines;
    },
  };
}

const KINDS = ['debug', 'info', 'warn', 'error'] as const;

test('a level says what is as grave, or graver', () => {
  const said: Readonly<Record<Level, readonly string[]>> = {
    debug: ['jobmeter: debug: a\n', 'jobmeter: b\n', 'jobmeter: warning: c\n', 'jobmeter: d\n'],
    info: ['jobmeter: b\n', 'jobmeter: warning: c\n', 'jobmeter: d\n'],
    warn: ['jobmeter: warning: c\n', 'jobmeter: d\n'],
    error: ['jobmeter: d\n'],
    none: [],
  };
  for (const [level, expected] of Object.entries(said)) {
    const { log, clock, taken } = setUp({ level: level as Level });
    for (const [index, kind] of KINDS.entries()) log[kind]('abcd'[index]!);
    assert.deepEqual(taken(), expected);
    if (level === 'none') assert.equal(clock.timers, 0);
  }
});

test('JSON: one document a line, with time, level and message', async () => {
  const { log, clock, taken } = setUp({ isPretty: false });
  for (const kind of KINDS) log[kind](`it is "${kind}"`);
  log.warn('it is "warn"');
  await clock.advance(60_000);
  const lines = taken();
  for (const line of lines) assert.match(line, /^\{[^\n]*\}\n$/);
  const time = '2026-01-01T00:00:00.000Z';
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      ...KINDS.map((level) => ({ time, level, message: `it is "${level}"` })),
      { time: '2026-01-01T00:01:00.000Z', level: 'warn', message: 'it is "warn"', repeated: 1 },
    ],
  );
});

test('what could move the cursor or turn the text around is shown', () => {
  const cases: Readonly<Record<string, string>> = {
    'a\nb': String.raw`a\u000ab`,
    '\u001b[31mred': String.raw`\u001b[31mred`,
    '\u009b2J\u0000\u007f': String.raw`\u009b2J\u0000\u007f`,
    'a\u202eb\u2066c\u200fd\u061ce': String.raw`a\u202eb\u2066c\u200fd\u061ce`,
    'tab\there': String.raw`tab\u0009here`,
    'schöne Grüße, 世界 👋': 'schöne Grüße, 世界 👋',
  };
  const said = (text: string) => {
    const { log, taken } = setUp();
    log.info(text);
    return taken()[0]!.slice('jobmeter: '.length, -1);
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(said(text), expected);
  assert.equal(said('x'.repeat(2000)), 'x'.repeat(2000));
  assert.equal(said('x'.repeat(2001)), `${'x'.repeat(2000)}…`);
});

test('whatever is said, it is one line, and JSON stays JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.constantFrom(...KINDS), (text, kind) => {
      let pretty = '';
      for (const isPretty of [true, false]) {
        const { log, taken } = setUp({ isPretty });
        log[kind](text);
        const [line, ...more] = taken();
        assert.deepEqual(more, []);
        assert.match(line!, /^[^\p{Cc}\p{Bidi_Control}]*\n$/u);
        if (isPretty) pretty = line!;
        else assert.ok(pretty.endsWith(`${(JSON.parse(line!) as { message: string }).message}\n`));
      }
    }),
  );
});

test('a warning that comes again is said at once, then counted for a minute', async () => {
  const { log, clock, taken } = setUp();
  log.warn('no route');
  assert.deepEqual(taken(), ['jobmeter: warning: no route\n']);
  for (let second = 0; second < 59; second++) {
    await clock.advance(1000);
    log.warn('no route');
  }
  assert.deepEqual(taken(), []);
  await clock.advance(1000);
  assert.deepEqual(taken(), ['jobmeter: warning: no route (59 more times within a minute)\n']);
  assert.equal(clock.timers, 0);
  log.warn('no route');
  log.warn('no route');
  assert.deepEqual(taken(), ['jobmeter: warning: no route\n']);
  await clock.advance(60_000);
  assert.deepEqual(taken(), ['jobmeter: warning: no route (1 more time within a minute)\n']);
});

test('what comes once is said once', async () => {
  const { log, clock, taken } = setUp();
  log.error('gone');
  await clock.advance(120_000);
  assert.deepEqual(taken(), ['jobmeter: gone\n']);
  assert.equal(clock.timers, 0);
});

test('a warning and an error of the same words are two things, and so are two texts', () => {
  const { log, taken } = setUp();
  log.warn('a');
  log.error('a');
  log.warn('b');
  assert.equal(taken().length, 3);
});

test('information is never counted', () => {
  const { log, clock, taken } = setUp();
  for (let i = 0; i < 3; i++) {
    log.info('same');
    log.debug('same');
  }
  assert.equal(taken().length, 6);
  assert.equal(clock.timers, 0);
});

test('what is below the level is not counted either', async () => {
  const { log, clock, taken } = setUp({ level: 'error' });
  log.warn('a');
  log.warn('a');
  await clock.advance(60_000);
  assert.deepEqual(taken(), []);
});

test('flush says what was counted, and lets no timer wait', async () => {
  const { log, clock, taken } = setUp();
  for (const text of ['a', 'b', 'b', 'c', 'c', 'c']) log.warn(text);
  taken();
  log.flush();
  assert.deepEqual(taken(), [
    'jobmeter: warning: b (1 more time within a minute)\n',
    'jobmeter: warning: c (2 more times within a minute)\n',
  ]);
  assert.equal(clock.timers, 0);
  log.flush();
  await clock.advance(60_000);
  assert.deepEqual(taken(), []);
  log.warn('b');
  assert.deepEqual(taken(), ['jobmeter: warning: b\n']);
});

test('of a hundred texts the oldest is given up for a new one, with its count', () => {
  const { log, clock, taken } = setUp();
  for (let i = 0; i < 100; i++) log.warn(`text ${i}`);
  log.warn('text 0');
  log.warn('text 1');
  assert.equal(taken().length, 100);
  log.warn('text 100');
  assert.deepEqual(taken().toSorted(), [
    'jobmeter: warning: text 0 (1 more time within a minute)\n',
    'jobmeter: warning: text 100\n',
  ]);
  for (let i = 0; i < 1000; i++) log.error(`other ${i}`);
  assert.equal(clock.timers, 100);
  // The second was counted too when it was given up.
  assert.ok(taken().includes('jobmeter: warning: text 1 (1 more time within a minute)\n'));
});
