import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { containerFilesystem } from '../../instrumentation/cgroup/filesystem.ts';
import type { FileSystemSizes } from '../../instrumentation/source.ts';
import { emitted } from '../support/emitted.ts';
import { open } from './trees.ts';

const ROOT: FileSystemSizes = { total: 1000, free: 500, available: 450 };
const SHM: FileSystemSizes = { total: 64, free: 60, available: 60 };
const SIZES: Readonly<Record<string, FileSystemSizes>> = { '/': ROOT, '/dev/shm': SHM };

const OVERLAY = '48 46 0:29 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w\n';
const DISK = '27 1 254:0 / / rw,relatime - ext4 /dev/vda1 rw\n';
const TMPFS = '60 48 0:40 / /dev/shm rw,nosuid - tmpfs shm rw,size=64k\n';

/** The numbers in a mount namespace of these mounts whose root is ours. */
function numbers(t: TestContext, mountinfo: string, sizes = SIZES, root = '/'): Readonly<Record<string, number>> {
  const { host } = open(t, { 'proc/self/mountinfo': mountinfo });
  const snapshot = containerFilesystem.read({ ...host, root, statfs: (path) => sizes[path] });
  return snapshot === undefined ? {} : emitted(containerFilesystem, snapshot);
}

const LAYER = { capacity: 1000, available: 450 };

test('a container with its own /dev/shm', (t) => {
  assert.deepEqual(numbers(t, OVERLAY + TMPFS), { ...LAYER, shmUsage: 4, shmLimit: 64 });
});

test('without a /dev/shm of its own, and where another file system is mounted there', (t) => {
  assert.deepEqual(numbers(t, OVERLAY), LAYER);
  assert.deepEqual(numbers(t, `${OVERLAY}60 48 0:40 / /dev/shm rw - ext4 /dev/vda1 rw\n`), LAYER);
});

test('a tmpfs without a limit has no size, so its use is not known', (t) => {
  assert.deepEqual(numbers(t, OVERLAY + TMPFS, { ...SIZES, '/dev/shm': { total: 0, free: 0, available: 0 } }), LAYER);
});

test('of mounts on top of each other the last one is seen', (t) => {
  assert.deepEqual(numbers(t, DISK + OVERLAY), LAYER);
  assert.deepEqual(numbers(t, OVERLAY + DISK + TMPFS), {});
});

test('a host: its root and its /dev/shm are no container’s', (t) => {
  assert.deepEqual(numbers(t, DISK + TMPFS), {});
});

test('a root that nobody can write to, which may lie on a silent server, is not asked', (t) => {
  assert.deepEqual(numbers(t, '48 46 0:29 / / ro,relatime - overlay overlay ro,lowerdir=/a:/b\n' + TMPFS), {});
});

test('below another root path nothing is told: sizes are those of our own mounts', (t) => {
  assert.deepEqual(numbers(t, OVERLAY + TMPFS, SIZES, '/host'), {});
});

test('a file system that does not answer is absent, the other is there', (t) => {
  assert.deepEqual(numbers(t, OVERLAY + TMPFS, { '/dev/shm': SHM }), { shmUsage: 4, shmLimit: 64 });
  assert.deepEqual(numbers(t, OVERLAY + TMPFS, { '/': ROOT }), LAYER);
});
