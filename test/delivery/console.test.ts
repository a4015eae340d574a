import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleDestination } from '../../src/delivery/console.ts';

/** An output whose reader takes the rest of what was begun at the `slowness`th look. */
function slowOutput(slowness: number) {
  const lines: string[] = [];
  let looks = 0;
  return {
    lines,
    write(line: string) {
      lines.push(line);
      looks = 0;
      return 'begun' as const;
    },
    flush: () => ++looks >= slowness,
  };
}

const record = Buffer.from('{"resourceMetrics":[]}');

test('a reader that is a moment behind is no trouble, and gets each record once', async () => {
  const output = slowOutput(3);
  const { send } = createConsoleDestination(output, false);
  const verdict = await send([record, Buffer.from('{}')], AbortSignal.timeout(30_000));
  assert.deepEqual(verdict, { kind: 'delivered' });
  assert.deepEqual(output.lines, ['{"resourceMetrics":[]}\n', '{}\n']);
});

test('one that does not read is a trouble after a moment, or at once when the time is up', async () => {
  const output = slowOutput(Infinity);
  const { send } = createConsoleDestination(output, false);
  const began = performance.now();
  assert.equal((await send([record], AbortSignal.timeout(30_000))).kind, 'transient');
  assert.ok(performance.now() - began >= 900);
  const before = performance.now();
  assert.equal((await send([record], AbortSignal.abort())).kind, 'transient');
  assert.ok(performance.now() - before < 900);
  assert.equal(output.lines.length, 1, 'what was begun is not begun again');
});
