import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFiles } from '../../instrumentation/host/open-files.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';

const read = (t: Parameters<typeof treeHost>[0], content: string) =>
  emitted(openFiles, openFiles.read(treeHost(t, { 'proc/sys/fs/file-nr': content }).host));

test('open files are those that are allocated and not unused', (t) => {
  assert.deepEqual(read(t, '2931\t1120\t104857\n'), { count: 1811, limit: 104857 });
});

test('what is no limit is absent when it is exported', (t) => {
  assert.equal(read(t, '1184\t0\t9223372036854775807\n')['limit'], Infinity);
  assert.equal(read(t, '1184\t0\t9223372036854775806\n')['limit'], Infinity, 'the nearest double');
  assert.equal(read(t, '1184\t0\t4611686018427387904\n')['limit'], 2 ** 62);
});

test('more unused than allocated, or no such file: absent', (t) => {
  assert.deepEqual(read(t, '1\t2\t3\n'), { limit: 3 });
  assert.equal(openFiles.read(treeHost(t, {}).host), undefined);
});
