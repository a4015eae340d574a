import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { containerNetwork } from '../../instrumentation/host/container-network.ts';
import { network } from '../../instrumentation/host/network.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';
import { onTree } from '../support/readings.ts';

const HEADER = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;
const dev = (...interfaces: readonly (readonly [name: string, first: number])[]) =>
  HEADER +
  interfaces
    .map(([name, first]) => `${name.padStart(6)}: ${Array.from({ length: 16 }, (_, i) => first + i).join(' ')}\n`)
    .join('');
const expected = (name: string, first: number) => ({
  [`io ${name} receive`]: first,
  [`packets ${name} receive`]: first + 1,
  [`errors ${name} receive`]: first + 2,
  [`dropped ${name} receive`]: first + 3,
  [`io ${name} transmit`]: first + 8,
  [`packets ${name} transmit`]: first + 9,
  [`errors ${name} transmit`]: first + 10,
  [`dropped ${name} transmit`]: first + 11,
});

const HOST = { 'proc/2/comm': 'kthreadd\n', 'proc/1/net/dev': dev(['eth0', 1000]) };
const INITIAL = { 'proc/sys/net/core/dev_weight': '64\n' };

test('the host has its own interfaces, and a container those of its network, never the same ones', (t) => {
  const own = { 'proc/self/net/dev': dev(['eth0', 50]) };
  const both = { ...HOST, ...own };
  assert.deepEqual(onTree(t, network, both).next(), expected('eth0', 1000));
  assert.deepEqual(onTree(t, containerNetwork, both).next(), expected('eth0', 50));
  assert.equal(onTree(t, containerNetwork, { ...both, ...INITIAL }).next(), undefined, 'it shares the network');
  const container = { ...own, 'proc/1/net/dev': dev(['eth0', 50]), 'proc/2/comm': 'sh\n' };
  assert.equal(onTree(t, network, container).next(), undefined, 'nothing proves that it is the host');
  assert.deepEqual(onTree(t, containerNetwork, container).next(), expected('eth0', 50));
  assert.deepEqual(onTree(t, network, { ...container, ...INITIAL }).next(), expected('eth0', 50));
  assert.equal(onTree(t, containerNetwork, { ...container, ...INITIAL }).next(), undefined);
});

test('an interface that is removed, renamed or added is so the next time', (t) => {
  const tree = onTree(t, network, { ...HOST, ...INITIAL });
  tree.write({ 'proc/1/net/dev': dev(['eth0', 1], ['veth1', 2]) });
  assert.deepEqual(tree.next(), { ...expected('eth0', 1), ...expected('veth1', 2) });
  tree.write({ 'proc/1/net/dev': dev(['lan', 3]) });
  assert.deepEqual(tree.next(), expected('lan', 3));
  assert.deepEqual(tree.failures, []);
});

test('a damaged file gives nothing and is said', (t) => {
  const tree = onTree(t, network, { ...HOST, ...INITIAL });
  tree.write({ 'proc/1/net/dev': dev(['eth0', 1]).slice(0, -9) });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(
    tree.failures.map(({ type }) => type),
    ['parse'],
  );
});

test('hybrid-host: the bytes of each interface are those that were captured', (t) => {
  const { host } = treeHost(t, 'hybrid-host/0');
  const found = emitted(network, network.read(host)!);
  const captured = readFileSync(path.join(import.meta.dirname, '../fixtures/hybrid-host/0/proc/1/net/dev'), 'utf8');
  const rows = captured
    .split('\n')
    .slice(2, -1)
    .map((line) => line.trim().split(/[:\s]+/));
  assert.ok(rows.length >= 2);
  for (const [name, received, , , , , , , , sent] of rows) {
    assert.equal(found[`io ${name} receive`], Number(received));
    assert.equal(found[`io ${name} transmit`], Number(sent));
  }
  assert.equal(containerNetwork.read(host), undefined);
});
