import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Networks, networksOf } from '../../instrumentation/host/networks.ts';
import { treeHost } from '../support/host.ts';

const HOST = { 'proc/2/comm': 'kthreadd\n', 'proc/1/net/dev': '' };
const CONTAINER = { 'proc/2/comm': 'node\n', 'proc/1/net/dev': '' };
/** Seen by those alone that are in the network which the kernel started with. */
const INITIAL = { 'proc/sys/net/core/dev_weight': '64\n' };

const situations: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, expected: Networks]>> = {
  'on the host': [{ ...HOST, ...INITIAL }, { host: '/proc/1/net' }],
  'on the host in a network of its own (ip netns exec, PrivateNetwork=)': [
    HOST,
    { host: '/proc/1/net', container: '/proc/self/net' },
  ],
  'in a container that sees the processes of the host (--pid=host)': [
    HOST,
    { host: '/proc/1/net', container: '/proc/self/net' },
  ],
  'in a container that sees the processes and the network of the host': [
    { ...HOST, ...INITIAL },
    { host: '/proc/1/net' },
  ],
  'in a container': [CONTAINER, { container: '/proc/self/net' }],
  'in a container with the network of the host (hostNetwork, --network host)': [
    { ...CONTAINER, ...INITIAL },
    { host: '/proc/self/net' },
  ],
  'in a container of one process': [{ 'proc/1/net/dev': '' }, { container: '/proc/self/net' }],
  'where others than the own processes are hidden (hidepid), on the host': [INITIAL, { host: '/proc/self/net' }],
};

for (const [situation, [files, expected]] of Object.entries(situations)) {
  test(`whose network it is ${situation}`, (t) => {
    const { host, failures } = treeHost(t, files);
    assert.deepEqual(networksOf(host), expected);
    assert.deepEqual(failures(), []);
  });
}

test('a setting that nobody lets us look at proves nothing', (t) => {
  const { host, root } = treeHost(t, CONTAINER);
  const directory = path.join(root, 'proc/sys/net/core');
  mkdirSync(directory, { recursive: true });
  symlinkSync('dev_weight', path.join(directory, 'dev_weight'));
  assert.deepEqual(networksOf(host), { container: '/proc/self/net' });
});
