import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nfs } from '../../instrumentation/host/nfs.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';
import { onTree } from '../support/readings.ts';

const HOST = { 'proc/2/comm': 'kthreadd\n' };
const MOUNT = 'device s:/a mounted on /mnt with fstype nfs4 statvers=1.1\n\tage:\t9\n\tbytes:\t1 2 3 4 50 60 7 8 \n';

test('made/nfs: calls, operations that were ever asked for, bytes of each file system once', (t) => {
  const { host, failures } = treeHost(t, 'made/nfs/0');
  assert.deepEqual(emitted(nfs, nfs.read(host)!), {
    calls: 61_188_150,
    retransmits: 17,
    authRefreshes: 61_190_227,
    'operations 4 READ': 2_248_737,
    'operations 4 WRITE': 335_600,
    'operations 4 OPEN': 42_683,
    'operations 4 CLOSE': 9_752_803,
    'operations 4 GETATTR': 4_816_499,
    'operations 4 SEQUENCE': 43_971_828,
    'operations 4 CLONE': 3,
    'operations 4 READ_PLUS': 12,
    'procedures 3 GETATTR': 85_660,
    'procedures 3 LOOKUP': 2,
    'procedures 3 ACCESS': 5,
    'procedures 3 READ': 6,
    'procedures 3 WRITE': 4,
    'procedures 3 READDIR': 10,
    'procedures 3 READDIRPLUS': 1464,
    'procedures 3 FSSTAT': 4,
    'procedures 3 FSINFO': 1,
    'procedures 3 COMMIT': 3,
    'io read /home': 6_291_456,
    'io write /home': 5_242_880,
    'io read /mnt/a b': 0,
    'io write /mnt/a b': 4096,
  });
  assert.deepEqual(failures(), []);
});

test('packets are absent where the kernel does not count them, and there where it does', (t) => {
  const tree = onTree(t, nfs, { ...HOST, 'proc/1/net/rpc/nfs': 'net 0 0 0 0\nrpc 5 0 0\n' });
  assert.deepEqual(tree.next(), { calls: 5, retransmits: 0, authRefreshes: 0 });
  tree.write({ 'proc/1/net/rpc/nfs': 'net 7 3 4 1\nrpc 5 0 0\n' });
  assert.deepEqual(tree.next(), {
    calls: 5,
    retransmits: 0,
    authRefreshes: 0,
    'net udp': 3,
    'net tcp': 4,
    accepted: 1,
  });
});

test('in a container the client is not known, what its mounts exchange is', (t) => {
  const files = { 'proc/self/net/rpc/nfs': 'rpc 0 0 0\n', 'proc/self/mountstats': MOUNT };
  assert.deepEqual(onTree(t, nfs, files).next(), { 'io read /mnt': 50, 'io write /mnt': 60 });
});

test('without NFS it is not here, and a file system that is unmounted is gone', (t) => {
  const tree = onTree(t, nfs, { ...HOST, 'proc/1/mountstats': MOUNT });
  assert.deepEqual(tree.next(), { 'io read /mnt': 50, 'io write /mnt': 60 });
  tree.write({ 'proc/1/mountstats': 'device proc mounted on /proc with fstype proc\n' });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(tree.failures, []);
});
