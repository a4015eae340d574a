import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { disk } from '../../instrumentation/host/disk.ts';
import { diskSize } from '../../instrumentation/host/disk-size.ts';
import { openKernelFiles } from '../../src/host.ts';
import { createFakeClock } from '../support/clock.ts';
import { emitted } from '../support/emitted.ts';
import { createTree } from '../support/tree.ts';

function open(t: TestContext, files: Record<string, string>) {
  const tree = createTree(files);
  const kernel = openKernelFiles(tree.root, createFakeClock());
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  const failures = () => kernel.takeFailures().map(({ path, type }) => `${type} ${path.slice(tree.root.length)}`);
  return { ...kernel, root: tree.root, failures };
}

const SDA = ' 8 0 sda 787210 87412 28118682 799959 183868 490617 39509904 177590 3 183136 1039498 1 2 3 4\n';

test('a disk is told in bytes of sectors of 512, operations and seconds', (t) => {
  const { host } = open(t, { 'proc/diskstats': SDA });
  assert.deepEqual(emitted(disk, disk.read(host)!), {
    'io sda read': 28118682 * 512,
    'io sda write': 39509904 * 512,
    'operations sda read': 787210,
    'operations sda write': 183868,
    'merged sda read': 87412,
    'merged sda write': 490617,
    'operationTime sda read': 799.959,
    'operationTime sda write': 177.59,
    'ioTime sda': 183.136,
    'weightedIoTime sda': 1039.498,
    'pending sda': 3,
  });
});

test('a disk that never did anything has real zeros, a part of one before Linux 2.6.25 only what the kernel tells', (t) => {
  const { host } = open(t, { 'proc/diskstats': ' 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n 3 1 hda1 1 2 3 4\n' });
  const all = emitted(disk, disk.read(host)!);
  assert.equal(all['io loop0 read'], 0);
  assert.equal(all['ioTime loop0'], 0);
  assert.equal(Object.keys(all).filter((key) => key.includes('loop0')).length, 11);
  assert.deepEqual(
    Object.entries(all).filter(([key]) => key.includes('hda1')),
    [
      ['io hda1 read', 1024],
      ['operations hda1 read', 1],
      ['io hda1 write', 2048],
      ['operations hda1 write', 3],
    ],
  );
});

test('disks that come and go are there and absent, without an error', (t) => {
  const { host, root, failures } = open(t, { 'proc/diskstats': SDA });
  const names = () => disk.read(host)!.map(({ name }) => name);
  assert.deepEqual(names(), ['sda']);
  writeFileSync(path.join(root, 'proc/diskstats'), `${SDA} 8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n`);
  assert.deepEqual(names(), ['sda', 'sdb']);
  writeFileSync(path.join(root, 'proc/diskstats'), '');
  assert.deepEqual(names(), []);
  assert.deepEqual(failures(), []);
});

test('milliseconds that wrapped stay as the kernel tells them: nothing is made up, and nothing is below zero', (t) => {
  const line = (milliseconds: number) => ` 8 0 sda 9 0 9 ${milliseconds} 9 0 9 0 0 ${milliseconds} 0\n`;
  const { host, root } = open(t, { 'proc/diskstats': line(4294967295) });
  const before = disk.read(host)!;
  writeFileSync(path.join(root, 'proc/diskstats'), line(5));
  const now = disk.read(host)!;
  assert.equal(emitted(disk, before)['ioTime sda'], 4294967.295);
  assert.equal(emitted(disk, disk.settle?.(before, now) ?? now)['ioTime sda'], 0.005);
});

test('a machine without the file has no disks, one that cannot be understood is an error', (t) => {
  const none = open(t, { 'proc/stat': '' });
  assert.equal(disk.read(none.host), undefined);
  assert.equal(diskSize.read(none.host), undefined);
  assert.deepEqual(none.failures(), []);
  const broken = open(t, { 'proc/diskstats': 'disk sda 1\n' });
  assert.equal(disk.read(broken.host), undefined);
  assert.deepEqual(broken.failures(), ['parse /proc/diskstats']);
});

test('the size of a disk has the name that /proc/diskstats has, and goes with the disk', (t) => {
  const { host, root, failures } = open(t, {
    'sys/class/block/sda/size': '41943040\n',
    'sys/class/block/sda1/size': '2048\n',
    'sys/class/block/cciss!c0d0/size': '8\n',
    'sys/class/block/loop0/size': '0\n',
  });
  const sizes = () => emitted(diskSize, diskSize.read(host)!);
  const others = { 'limit sda': 41943040 * 512, 'limit cciss/c0d0': 4096, 'limit loop0': 0 };
  assert.deepEqual(sizes(), { ...others, 'limit sda1': 2048 * 512 });
  rmSync(path.join(root, 'sys/class/block/sda1/size'));
  assert.deepEqual(sizes(), others, 'it went away after it was listed');
  assert.deepEqual(failures(), []);
});
