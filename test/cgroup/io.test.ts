import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { containerIo } from '../../instrumentation/cgroup/io.ts';
import { failuresOf, type Files, identityOf, numbersOf, open, openLevels, V2_MOUNT, within } from './trees.ts';

const DISKS: Files = {
  'proc/diskstats': '   8       0 sda 1 2 3 4\n   8      16 sdb 1 2 3 4\n 253       0 dm-0 1 2 3 4\n',
};
const IO_STAT = '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=9 dios=9\n253:0 rbytes=11 wbytes=21 rios=3 wios=4\n';
const IO = {
  'bytes read sda': 10,
  'bytes write sda': 20,
  'operations read sda': 1,
  'operations write sda': 2,
  'bytes read dm-0': 11,
  'bytes write dm-0': 21,
  'operations read dm-0': 3,
  'operations write dm-0': 4,
};
const blkio = (read: number, write: number) => `\
8:0 Read ${read}
8:0 Write ${write}
8:0 Sync 99
8:0 Async 99
8:0 Discard 99
8:0 Total 99
Total 99
`;
const OTHER = blkio(7, 7);
const IO_V1 = { 'bytes read sda': 10, 'bytes write sda': 20, 'operations read sda': 1, 'operations write sda': 2 };

test('v2: each device for itself, by its name', (t) => {
  const kernel = openLevels(t, 2, [{ 'io.stat': IO_STAT }, { 'io.stat': '8:0 rbytes=99 wbytes=99\n' }], DISKS);
  assert.deepEqual(numbersOf(containerIo, kernel), IO);
  assert.deepEqual(failuresOf(kernel), []);
});

test('v2: where the controller is not enabled, what an ancestor counts is not ours', (t) => {
  assert.deepEqual(numbersOf(containerIo, openLevels(t, 2, [{}, { 'io.stat': IO_STAT }], DISKS)), {});
});

test('v2: a device that has no name keeps its number; one that was not used is not there', (t) => {
  const kernel = openLevels(t, 2, [{ 'io.stat': '7:1 259:5 rbytes=1 wbytes=0 rios=1 wios=0\n' }], DISKS);
  const expected = {
    'bytes read 259:5': 1,
    'bytes write 259:5': 0,
    'operations read 259:5': 1,
    'operations write 259:5': 0,
  };
  assert.deepEqual(numbersOf(containerIo, kernel), expected);
  rmSync(path.join(kernel.host.root, 'proc/diskstats'));
  kernel.close();
  assert.deepEqual(numbersOf(containerIo, kernel), expected);
  assert.deepEqual(failuresOf(kernel), []);
});

test('v2: a device that is gone is gone', (t) => {
  const kernel = openLevels(t, 2, [{ 'io.stat': IO_STAT }], DISKS);
  numbersOf(containerIo, kernel);
  writeFileSync(path.join(kernel.host.root, 'sys/fs/cgroup/a/b/c/io.stat'), '8:0 rbytes=10 wbytes=20 rios=1 wios=2\n');
  assert.deepEqual(numbersOf(containerIo, kernel), IO_V1);
});

test('v1: with the cgroups below', (t) => {
  const kernel = openLevels(
    t,
    1,
    [
      {
        'blkio.throttle.io_service_bytes': OTHER,
        'blkio.throttle.io_service_bytes_recursive': blkio(10, 20),
        'blkio.throttle.io_serviced': OTHER,
        'blkio.throttle.io_serviced_recursive': blkio(1, 2),
      },
    ],
    DISKS,
  );
  assert.deepEqual(numbersOf(containerIo, kernel), IO_V1);
  assert.deepEqual(failuresOf(kernel), []);
});

test('v1: an older kernel, which counts the own cgroup alone', (t) => {
  const kernel = openLevels(
    t,
    1,
    [{ 'blkio.throttle.io_service_bytes': blkio(10, 20), 'blkio.throttle.io_serviced': blkio(1, 2) }],
    DISKS,
  );
  assert.deepEqual(numbersOf(containerIo, kernel), IO_V1);
});

test('v1: bytes without operations, where those cannot be understood', (t) => {
  const kernel = openLevels(
    t,
    1,
    [
      {
        'blkio.throttle.io_service_bytes_recursive': blkio(10, 20),
        'blkio.throttle.io_serviced_recursive': '8:0 Read 1\n',
        'blkio.throttle.io_serviced': OTHER,
      },
    ],
    DISKS,
  );
  assert.deepEqual(numbersOf(containerIo, kernel), { 'bytes read sda': 10, 'bytes write sda': 20 });
  assert.deepEqual(failuresOf(kernel), ['blkio.throttle.io_serviced_recursive parse']);
});

test('the host’s root is no container, and without files there is nothing', (t) => {
  const root = open(t, {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': V2_MOUNT,
    ...within('sys/fs/cgroup', { 'io.stat': IO_STAT }),
  });
  assert.equal(containerIo.read(root.host), undefined);
  assert.equal(containerIo.read(openLevels(t, 1, []).host), undefined);
  assert.equal(containerIo.read(openLevels(t, 2, []).host), undefined);
});

test('a process that was moved has the counters of another cgroup', (t) => {
  const kernel = openLevels(t, 2, [{ 'io.stat': IO_STAT }, { 'io.stat': IO_STAT }]);
  assert.equal(identityOf(containerIo, kernel), '/a/b/c');
  writeFileSync(path.join(kernel.host.root, 'proc/self/cgroup'), '0::/a/b\n');
  assert.equal(identityOf(containerIo, kernel), '/a/b');
});
