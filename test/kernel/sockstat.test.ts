import { parseSockstat } from '../../instrumentation/kernel/sockstat.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseSockstat, {
  sockstat: [
    'sockets: used 17\nTCP: inuse 4 orphan 1 tw 22 alloc 5 mem 255\nUDP: inuse 3 mem 0\n',
    { inUse: 4, timeWait: 22 },
  ],
  sockstat6: ['TCP6: inuse 3\nUDP6: inuse 9\n', { inUse: 3 }],
  'neither TCP nor TCP6': ['UDP: inuse 3 mem 0\n', {}],
});

refuses(parseSockstat, {
  'a word without its number': 'TCP: inuse 4 tw\n',
  'a number without its word': 'TCP: inuse 4 22\n',
  'a negative number': 'TCP: inuse -4\n',
  'a line without its end': 'TCP: inuse 4',
});
