import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerTcpConnections, MOST_SOCKETS, tcpConnections } from '../../instrumentation/host/tcp-connections.ts';
import { containerTcp, tcp } from '../../instrumentation/host/tcp.ts';
import { emitted } from '../support/emitted.ts';
import { treeHost } from '../support/host.ts';
import { onTree } from '../support/readings.ts';

const snmp = (received: number, sent: number, again: number) =>
  `Tcp: MaxConn InSegs OutSegs RetransSegs\nTcp: -1 ${received} ${sent} ${again}\n`;
const HOST = { 'proc/2/comm': 'kthreadd\n', 'proc/1/net/snmp': snmp(1, 2, 3), 'proc/self/net/snmp': snmp(7, 8, 9) };
const INITIAL = { 'proc/sys/net/core/dev_weight': '64\n' };

test('segments and those sent again, of the host and of the own network', (t) => {
  const netstat = { 'proc/1/net/netstat': 'TcpExt: TW ListenOverflows\nTcpExt: 5 6\n' };
  const host = { 'segments receive': 1, 'segments transmit': 2, retransmits: 3 };
  assert.deepEqual(onTree(t, tcp, { ...HOST, ...netstat }).next(), { ...host, listenOverflows: 6 });
  assert.deepEqual(onTree(t, tcp, HOST).next(), host, 'without netstat');
  assert.deepEqual(onTree(t, containerTcp, HOST).next(), {
    'segments receive': 7,
    'segments transmit': 8,
    retransmits: 9,
  });
  assert.equal(onTree(t, containerTcp, { ...HOST, ...INITIAL }).next(), undefined);
});

const LINES = '  sl  local_address rem_address   st\n';
const socket = (state: string) =>
  `   0: 0100007F:07E8 0200007F:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${Number.parseInt(state, 16)} 1\n`;
const sockstat = (inUse: number, timeWait: number) => `TCP: inuse ${inUse} orphan 0 tw ${timeWait} alloc 9 mem 9\n`;
const SOCKETS = {
  ...HOST,
  ...INITIAL,
  'proc/1/net/sockstat': sockstat(2, 1),
  'proc/1/net/sockstat6': 'TCP6: inuse 2\n',
  'proc/1/net/tcp': LINES + socket('0A') + socket('01') + socket('06'),
  'proc/1/net/tcp6': LINES + socket('0A') + socket('08'),
};
const NONE = Object.fromEntries(
  [
    'closed',
    'close_wait',
    'closing',
    'established',
    'fin_wait_1',
    'fin_wait_2',
    'last_ack',
    'listen',
    'syn_received',
    'syn_sent',
    'time_wait',
  ].map((state) => [`states ${state} tcp`, 0]),
);

test('sockets of IPv4 and IPv6 are counted together by state, and a state without one is zero', (t) => {
  const tree = onTree(t, tcpConnections, SOCKETS);
  assert.deepEqual(tree.next(), {
    ...NONE,
    'states listen tcp': 2,
    'states established tcp': 1,
    'states close_wait tcp': 1,
    'states time_wait tcp': 1,
    sockets: 5,
  });
  tree.remove('proc/1/net/sockstat6', 'proc/1/net/tcp6');
  assert.deepEqual(
    tree.next(),
    { ...NONE, 'states listen tcp': 1, 'states established tcp': 1, 'states time_wait tcp': 1, sockets: 3 },
    'a kernel without IPv6',
  );
  assert.deepEqual(tree.failures, []);
  assert.equal(onTree(t, containerTcpConnections, SOCKETS).next(), undefined);
});

test('too many sockets are not gone through: their number is known, their states are absent', (t) => {
  const files = { ...SOCKETS, 'proc/1/net/sockstat': sockstat(MOST_SOCKETS - 2, 1) };
  const tree = onTree(t, tcpConnections, files);
  assert.deepEqual(tree.next(), { sockets: MOST_SOCKETS + 1 });
  tree.write({ 'proc/1/net/sockstat': sockstat(MOST_SOCKETS - 3, 1) });
  assert.equal(Object.keys(tree.next()!).length, 12, 'one fewer, and they are');
});

test('half of the sockets are not taken for all of them', (t) => {
  const tree = onTree(t, tcpConnections, { ...SOCKETS, 'proc/1/net/tcp6': `${LINES}damaged\n` });
  assert.deepEqual(tree.next(), { sockets: 5 });
  tree.write({ 'proc/1/net/tcp6': LINES, 'proc/1/net/sockstat6': 'TCP6: inuse x\n' });
  assert.equal(tree.next(), undefined);
  assert.deepEqual(
    tree.failures.map(({ type }) => type),
    ['parse', 'parse'],
  );
});

test('hybrid-host: its listeners, its connections and their ends are found', (t) => {
  const { host, failures } = treeHost(t, 'hybrid-host/0');
  const found = emitted(tcpConnections, tcpConnections.read(host)!);
  const { 'states established tcp': established, 'states close_wait tcp': halfClosed } = found;
  assert.deepEqual([established, halfClosed, found['states fin_wait_2 tcp']], [2, 1, 1]);
  const counters = emitted(tcp, tcp.read(host)!);
  assert.ok(counters['segments receive']! > 0 && counters['retransmits']! > 0);
  assert.deepEqual(failures(), []);
});
