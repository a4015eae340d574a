import { counters } from '../../instrumentation/kernel/snmp.ts';
import { parses, refuses } from '../support/parser-table.ts';

const parse = counters('Tcp', ['InSegs', 'OutSegs', 'RetransSegs']);
const IP = 'Ip: Forwarding DefaultTTL\nIp: 2 64\n';

parses(parse, {
  'the protocol among others': [
    `${IP}Tcp: MaxConn InSegs OutSegs RetransSegs InErrs\nTcp: -1 1 2 3 4\nUdp: InSegs\nUdp: 9\n`,
    { InSegs: 1, OutSegs: 2, RetransSegs: 3 },
  ],
  'names in another order': [`Tcp: RetransSegs New InSegs\nTcp: 3 0 1\n`, { InSegs: 1, RetransSegs: 3 }],
  'no such protocol': [IP, {}],
  'a protocol whose name begins alike': ['TcpExt: InSegs\nTcpExt: 7\n', {}],
  'names whose values were cut off': ['Tcp: InSegs OutSegs\n', {}],
});

refuses(parse, {
  'fewer values than names': 'Tcp: InSegs OutSegs\nTcp: 1\n',
  'more values than names': 'Tcp: InSegs\nTcp: 1 2\n',
  'a negative counter': 'Tcp: InSegs\nTcp: -1\n',
  'values of another protocol': 'Tcp: InSegs\nUdp: 1\n',
  'values without their end': 'Tcp: InSegs\nTcp: 12',
});
