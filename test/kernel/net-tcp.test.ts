import { parseTcp } from '../../instrumentation/kernel/net-tcp.ts';
import { parses, refuses } from '../support/parser-table.ts';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (state: string, number = 0, inode = 636 + number) =>
  `${String(number).padStart(4)}: 0100007F:07E8 0200007F:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 00000000d4909267 100 0 0 10 0\n`;
const V6 = `   0: 00000000000000000000000001000000:8DD5 0000000000000000FFFF00000100007F:0000 01 00000000:00000000 00:00000000 00000000     0        0 0\n`;

parses(parseTcp, {
  'no socket': [HEADER, []],
  'every state of the kernel': [
    HEADER +
      ['01', '02', '03', '04', '05', '06', '07', '08', '09', '0A', '0B', '0C'].map((s, i) => line(s, i)).join(''),
    [
      'established',
      'syn_sent',
      'syn_received',
      'fin_wait_1',
      'fin_wait_2',
      'time_wait',
      'closed',
      'close_wait',
      'last_ack',
      'listen',
      'closing',
      'syn_received',
    ],
  ],
  'IPv6, and IPv4 within': [HEADER + V6, ['established']],
  'more sockets than four digits count': [HEADER + line('0A', 123_456), ['listen']],
  'a socket that is there twice, since another one came in between': [
    HEADER + line('01', 0, 7) + line('06', 1, 0) + line('01', 2, 7) + line('04', 3, 7),
    ['established', 'time_wait'],
  ],
  'two that listen at one address': [HEADER + line('0A', 0, 7) + line('0A', 1, 8), ['listen', 'listen']],
  'a state of later kernels': [HEADER + line('0D', 0) + line('0A', 1) + line('00', 2), ['listen']],
});

refuses(parseTcp, {
  'an empty file': '',
  'a file without a header': line('01'),
  'a state that is no number': HEADER + line('0G'),
  'a state of one digit': HEADER + line('1'),
  'a state of three digits': HEADER + line('001'),
  'an address that is too short': HEADER + line('01').replace('0100007F', '100007F'),
  'a port that is too long': HEADER + line('01').replace(':07E8', ':007E8'),
  'an address without a port': HEADER + line('01').replace(':07E8', ''),
  'a line without a number': HEADER + line('01').replace('   0', '    '),
  'a line that was cut off': HEADER + line('01').slice(0, -1),
});
