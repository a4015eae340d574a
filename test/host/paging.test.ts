import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { paging, pagingOf } from '../../instrumentation/host/paging.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';

const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

for (const situation of ['hybrid-host/0', 'hybrid-host/1', 'kubernetes-v2/1', 'v2-container/1']) {
  test(`${situation}: faults are those that were captured, and there is no swap`, (t) => {
    const { host, root, failures } = treeHost(t, situation);
    const vmstat = readFileSync(path.join(root, 'proc/vmstat'), 'utf8');
    const count = (key: string) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(vmstat)?.[1]);
    assert.deepEqual(emitted(paging, paging.read(host)), {
      'faults major': count('pgmajfault'),
      'faults minor': count('pgfault') - count('pgmajfault'),
      'operations in major': count('pswpin'),
      'operations out major': count('pswpout'),
      oomKills: count('oom_kill'),
    });
    assert.deepEqual(failures(), []);
  });
}

test('each area of swap is a device; two of one name are one', (t) => {
  const { host } = treeHost(t, {
    'proc/swaps': `${HEADER}/dev/dm-1 partition\t8\t2\t-2\n/swap\\040(deleted) file\t16\t4\t-3\n/swap\\040(deleted) file\t32\t8\t-4\n`,
  });
  assert.deepEqual(emitted(paging, paging.read(host)), {
    'usage used /dev/dm-1': 2048,
    'usage free /dev/dm-1': 6144,
    'usage used /swap (deleted)': 12 * 1024,
    'usage free /swap (deleted)': 36 * 1024,
  });
});

test('an area that is being switched off, with more in use than its size: nothing is free, and nothing negative', (t) => {
  const { host } = treeHost(t, { 'proc/swaps': `${HEADER}/dev/dm-1 partition\t0\t2\t-2\n` });
  assert.deepEqual(emitted(paging, paging.read(host)), { 'usage used /dev/dm-1': 2048 });
});

test('one file that is broken does not take the other along', (t) => {
  const broken = treeHost(t, { 'proc/vmstat': 'pgfault 7\npgmajfault 2\n', 'proc/swaps': 'Filename' });
  assert.deepEqual(emitted(paging, paging.read(broken.host)), { 'faults major': 2, 'faults minor': 5 });
  assert.deepEqual(broken.failures(), ['parse']);
});

test('without either file there is nothing here', (t) => {
  const { host, failures } = treeHost(t, {});
  assert.equal(paging.read(host), undefined);
  assert.deepEqual(failures(), []);
});

test('minor faults are absent where one of the counts is, and where there are fewer faults than major ones', () => {
  assert.deepEqual(emitted(paging, pagingOf({ pgfault: 7 }, [])), {});
  assert.deepEqual(emitted(paging, pagingOf({ pgmajfault: 7 }, [])), { 'faults major': 7 });
  assert.deepEqual(emitted(paging, pagingOf({ pgfault: 6, pgmajfault: 7 }, [])), { 'faults major': 7 });
});

test('minor faults do not go back while major ones wait for the disk, and go on from there', () => {
  const counts = [
    [1000, 10, 990],
    [1000, 30, 990],
    [1015, 30, 990],
    [1025, 30, 995],
    [1030, 30, 1000],
  ] as const;
  let last = pagingOf({ pgfault: 900, pgmajfault: 10 }, []);
  for (const [pgfault, pgmajfault, minor] of counts) {
    last = paging.settle!(last, pagingOf({ pgfault, pgmajfault }, []));
    assert.deepEqual(emitted(paging, last), { 'faults major': pgmajfault, 'faults minor': minor });
  }
});

test('a machine that was restored from a snapshot counts from where that was', () => {
  const before = pagingOf({ pgfault: 1000, pgmajfault: 10 }, []);
  for (const [pgfault, pgmajfault] of [
    [500, 5],
    [999, 10],
    [500, 10],
  ] as const) {
    const after = paging.settle!(before, pagingOf({ pgfault, pgmajfault }, []));
    assert.equal(after.minor, pgfault - pgmajfault);
  }
});
