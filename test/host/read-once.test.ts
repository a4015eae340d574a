import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { parseNumber } from '../../instrumentation/kernel/bytes.ts';
import { treeHost } from '../support/host.ts';

test('a file that is read once is read, understood and closed; what cannot be is a failure as ever', (t) => {
  const { host, failures } = treeHost(t, { 'proc/number': '12\n', 'proc/words': 'twelve\n', 'proc/directory/': '' });
  const openDescriptors = () => readdirSync('/proc/self/fd').length;
  const before = openDescriptors();
  assert.equal(host.readOnce('/proc/number', parseNumber), 12);
  assert.equal(host.readOnce('/proc/nothing', parseNumber), undefined);
  assert.deepEqual(failures(), []);
  assert.equal(host.readOnce('/proc/words', parseNumber), undefined);
  assert.equal(host.readOnce('/proc/directory', parseNumber), undefined);
  assert.deepEqual(failures(), ['parse', 'EISDIR']);
  assert.equal(openDescriptors(), before);
  host.read('/proc/number', parseNumber);
  assert.equal(openDescriptors(), before + 1, 'one that is kept is seen');
});

test('a file of more than the buffer holds is read whole', (t) => {
  const { host } = treeHost(t, { 'proc/large': 'x'.repeat(300_000) });
  assert.equal(
    host.readOnce('/proc/large', (bytes) => bytes.length),
    300_000,
  );
});
