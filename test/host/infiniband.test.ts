import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infiniband } from '../../instrumentation/host/infiniband.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';
import { onTree } from '../support/readings.ts';

/** What is said of one port, without its name. */
function portOf(found: Readonly<Record<string, number>>, id: string): Readonly<Record<string, number>> {
  const names = ` ${id} ${id.split('/')[0]}`;
  const mine = Object.entries(found).filter(([series]) => series.includes(names));
  return Object.fromEntries(mine.map(([series, value]) => [series.replace(names, ''), value]));
}

test('made/infiniband: words are bytes, an end that was reached is unknown, EFA has counters of its own', (t) => {
  const { host, failures } = treeHost(t, 'made/infiniband/0');
  const found = emitted(infiniband, infiniband.read(host)!);
  assert.deepEqual(portOf(found, 'mlx5_0/1'), {
    'io receive': 12e12,
    'io transmit': 5000,
    'packets receive': 6_000_000_001,
    'packets transmit': 99,
    'errors network symbol_error': 7,
    'errors network link_error_recovery': 1,
    'errors network link_downed': 2,
    'errors network port_rcv_errors': 3,
    'errors network port_rcv_remote_physical_errors': 0,
    'errors network local_link_integrity_errors': 0,
    'errors network local_ack_timeout_err': 4,
    'errors network out_of_sequence': 5,
    'errors network packet_seq_err': 6,
    up: 1,
    limit: 12.5e9,
  });
  assert.deepEqual(
    portOf(found, 'mlx4_0/1'),
    {
      'io transmit': 4 * 4_294_967_294,
      'packets receive': 17,
      'errors network link_downed': 254,
      up: 1,
      limit: 5e9,
    },
    'old counters of 32 bits stand still at their end',
  );
  assert.deepEqual(portOf(found, 'mlx4_0/2'), { 'io receive': 0, 'io transmit': 0, up: 0 }, 'a port that is down');
  assert.deepEqual(portOf(found, 'rocep1s0/1'), { up: 1, limit: 3.125e9 }, 'a driver that does not count');
  assert.deepEqual(portOf(found, 'rdmap0s31/1'), {
    'io receive': 123_456_789_012,
    'io transmit': 1000,
    'packets receive': 88,
    'packets transmit': 9,
    'errors network rx_drops': 2,
    up: 1,
    limit: 12.5e9,
  });
  assert.deepEqual(failures(), []);
});

test('an adapter that vanishes takes its numbers with it, and without one it is not here', (t) => {
  const port = (device: string) => `sys/class/infiniband/${device}/ports/1`;
  const tree = onTree(t, infiniband, {
    [`${port('a')}/state`]: '4: ACTIVE\n',
    [`${port('b')}/state`]: '4: ACTIVE\n',
    [`${port('b')}/counters/port_rcv_data`]: 'rubbish\n',
    [`${port('b')}/counters/port_xmit_data`]: '2\n',
  });
  assert.deepEqual(tree.next(), { 'up a/1 a': 1, 'up b/1 b': 1, 'io b/1 b transmit': 8 });
  assert.deepEqual(
    tree.failures.map(({ type }) => type),
    ['parse'],
  );
  tree.remove('sys/class/infiniband/a');
  assert.deepEqual(tree.next(), { 'up b/1 b': 1, 'io b/1 b transmit': 8 });
  tree.remove('sys/class/infiniband/b');
  assert.equal(tree.next(), undefined);
});
