import { parseFileNr } from '../../instrumentation/kernel/file-nr.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseFileNr, {
  'Linux 6': ['662\t0\t2466186\n', { allocated: 662, unused: 0, max: 2466186 }],
  'no limit, as systemd sets it': ['1184\t0\t9223372036854775807\n', { allocated: 1184, unused: 0, max: Infinity }],
  'Linux 2.4': ['2931\t1120\t104857\n', { allocated: 2931, unused: 1120, max: 104857 }],
});

refuses(parseFileNr, {
  'a line without a newline': '662\t0\t24661',
  'two numbers': '662\t0\n',
  'four numbers': '662\t0\t1\t2\n',
  'a negative number': '-1\t0\t2466186\n',
  'spaces between': '662 0 2466186\n',
  nothing: '',
});
