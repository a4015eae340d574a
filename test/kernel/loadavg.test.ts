import { parseLoadavg } from '../../instrumentation/kernel/loadavg.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseLoadavg, {
  'a machine': ['0.51 1.50 1.23 3/103 4408\n', { '1m': 0.51, '5m': 1.5, '15m': 1.23 }],
  'a huge machine': ['12345.67 256.00 0.00 1/1048576 4194303\n', { '1m': 12345.67, '5m': 256, '15m': 0 }],
  'no task, as in some sandboxes': ['0.00 0.00 0.00 0/0 0\n', { '1m': 0, '5m': 0, '15m': 0 }],
});

refuses(parseLoadavg, {
  nothing: '',
  'an empty line': '\n',
  'a line without a newline': '0.51 1.50 1.23 3/103 4408',
  'averages alone': '0.51 1.50 1.23\n',
  'an average that was cut off': '0.51 1.50 1.\n',
  'a negative average': '0.51 -1.50 1.23 3/103 4408\n',
  'not a number': 'nan 1.50 1.23 3/103 4408\n',
  'a number beyond all numbers': `${'9'.repeat(400)}.00 1.50 1.23 3/103 4408\n`,
  'a decimal comma': '0,51 1,50 1,23 3/103 4408\n',
  'a blank before': ' 0.51 1.50 1.23 3/103 4408\n',
  'a second line': '0.51 1.50 1.23 3/103 4408\n\n',
  CRLF: '0.51 1.50 1.23 3/103 4408\r\n',
  'a NUL': '0.51 1.50 1.23\x003/103 4408\n',
});
