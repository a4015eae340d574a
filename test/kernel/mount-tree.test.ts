import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFrom, visibleMounts } from '../../instrumentation/kernel/mount-tree.ts';
import { type Mount, parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { bytesOf } from '../support/parser-table.ts';

/** Mounts as "id parent mountPoint type"; what is visible, with what the way there leads through. */
function visible(...lines: readonly string[]): readonly string[] {
  const table = lines.map((line) => {
    const [id, parent, mountPoint, type] = line.split(' ');
    return `${id} ${parent} 0:${id} / ${mountPoint} rw - ${type} source rw\n`;
  });
  const wayThrough = ({ type }: Mount, above = ''): string => (type === 'nfs' ? `${above} may hang` : above);
  return visibleMounts(parseMountinfo(bytesOf(table.join(''))), wayThrough).map(
    ({ mount, way }) => `${mount.id} ${mount.mountPoint}${way}`,
  );
}

test('of mounts on top of each other only the top one is visible, whatever their order in the table', () => {
  const expected = ['20 /', '23 /mnt'];
  assert.deepEqual(visible('20 1 / ext4', '21 20 /mnt tmpfs', '22 21 /mnt xfs', '23 22 /mnt ext4'), expected);
  assert.deepEqual(
    visible('23 22 /mnt ext4', '22 21 /mnt xfs', '20 1 / ext4', '21 20 /mnt tmpfs'),
    expected.toReversed(),
  );
});

test('what lies below a directory that was covered later is not visible, what lies on the cover is', () => {
  assert.deepEqual(
    visible(
      '20 1 / ext4',
      '21 20 /a/b ext4',
      '22 21 /a/b/c ext4',
      '23 20 /a tmpfs',
      '24 23 /a/b/x ext4',
      '25 20 /ab xfs',
    ),
    ['20 /', '23 /a', '24 /a/b/x', '25 /ab'],
  );
});

test('all is covered by a root on top of the root, as after an initramfs, and its own mounts are visible', () => {
  assert.deepEqual(visible('1 1 / rootfs', '2 1 /early tmpfs', '20 1 / ext4', '21 20 /proc proc'), [
    '20 /',
    '21 /proc',
  ]);
});

test('a first mount that stands on itself, as kernels of old have it, is visible', () => {
  assert.deepEqual(visible('20 20 / ext4', '21 20 /proc proc'), ['20 /', '21 /proc']);
});

test('a mount below or on top of one that may hang may hang itself', () => {
  assert.deepEqual(
    visible('20 1 / ext4', '21 20 /net nfs', '22 21 /net/disk ext4', '23 22 /net/disk/x xfs', '24 20 /d xfs'),
    ['20 /', '21 /net may hang', '22 /net/disk may hang', '23 /net/disk/x may hang', '24 /d'],
  );
  assert.deepEqual(visible('20 1 / nfs', '21 20 /proc proc'), ['20 / may hang', '21 /proc may hang']);
  assert.deepEqual(visible('20 1 / ext4', '21 20 /a nfs', '22 21 /a ext4'), ['20 /', '22 /a may hang']);
});

test('a table that leads in a circle gives nothing and ends', () => {
  assert.deepEqual(visible('20 21 /a ext4', '21 20 /b ext4', '22 1 / ext4'), ['22 /']);
});

test('thousands of mounts side by side and on top of each other are no trouble', () => {
  const beside = Array.from({ length: 5000 }, (_, i) => `${i + 10} 1 /var/lib/docker/overlay2/${i}/merged overlay`);
  assert.equal(visible('1 0 / ext4', ...beside).length, 5001);
  const above = Array.from({ length: 5000 }, (_, i) => `${i + 10} ${i + 9} /mnt tmpfs`);
  assert.deepEqual(visible('1 0 / ext4', '9 1 /mnt tmpfs', ...above), ['1 /', '5009 /mnt']);
});

test('a path is told as seen from where the host is mounted', () => {
  assert.equal(pathFrom('/', '/mnt/a'), '/mnt/a');
  assert.equal(pathFrom('/host', '/host'), '/');
  assert.equal(pathFrom('/host', '/host/mnt/a'), '/mnt/a');
  assert.equal(pathFrom('/host', '/hostile'), undefined);
  assert.equal(pathFrom('/host', '/'), undefined);
});
