import { parseNetDev } from '../../instrumentation/kernel/net-dev.ts';
import { parses, refuses } from '../support/parser-table.ts';

const HEADER = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;
const TRAFFIC = {
  receive: { bytes: 1, packets: 2, errors: 3, dropped: 4 },
  transmit: { bytes: 9, packets: 10, errors: 11, dropped: 12 },
};
const NUMBERS = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16';

parses(parseNetDev, {
  'no interface at all': [HEADER, []],
  'two interfaces': [
    `${HEADER}    lo: ${NUMBERS}\n  eth0:       1       2    3    4    5     6          7         8        9      10   11   12    13    14      15         16\n`,
    [
      { name: 'lo', ...TRAFFIC },
      { name: 'eth0', ...TRAFFIC },
    ],
  ],
  'a first number right behind the colon, as old kernels write it': [
    `${HEADER}  eth0:${NUMBERS}\n`,
    [{ name: 'eth0', ...TRAFFIC }],
  ],
  'a name with colons': [`${HEADER}eth0:1:x: ${NUMBERS}\n`, [{ name: 'eth0:1:x', ...TRAFFIC }]],
  'a name of fifteen letters': [`${HEADER}abcdefghijklmno: ${NUMBERS}\n`, [{ name: 'abcdefghijklmno', ...TRAFFIC }]],
  'a name in another script': [`${HEADER}сеть☃: ${NUMBERS}\n`, [{ name: 'сеть☃', ...TRAFFIC }]],
  'a name of digits': [`${HEADER}  12: ${NUMBERS}\n`, [{ name: '12', ...TRAFFIC }]],
  '64 bits': [
    `${HEADER}    lo: 18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`,
    [{ name: 'lo', receive: { ...TRAFFIC.receive, bytes: 2 ** 64 }, transmit: TRAFFIC.transmit }],
  ],
});

refuses(parseNetDev, {
  'an empty file': '',
  'other columns': HEADER.replace('bytes    packets', 'packets  bytes  '),
  'a line without a name': `${HEADER}: ${NUMBERS}\n`,
  'a line without a colon': `${HEADER}lo ${NUMBERS}\n`,
  'a column too few': `${HEADER}lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n`,
  'a column too many': `${HEADER}lo: ${NUMBERS} 17\n`,
  'a negative number': `${HEADER}lo: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`,
  'a last line without its end': `${HEADER}lo: ${NUMBERS}`,
});
