import { parseUptime } from '../../instrumentation/kernel/uptime.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseUptime, {
  'a machine': ['2030.71 2914.56\n', 2030.71],
  'the moment of the start': ['0.00 0.00\n', 0],
  'ten years on 256 CPUs': ['315360000.05 80732160000.99\n', 315360000.05],
  lxcfs: ['16.15 14.90\n', 16.15],
  'old lxcfs: one decimal': ['3600.0 3599.0\n', 3600],
});

refuses(parseUptime, {
  nothing: '',
  'a line without a newline': '2030.71 2914.56',
  'one number': '2030.71\n',
  'a number that was cut off': '2030.71 2914.\n',
  'whole seconds': '2030 2914\n',
  'a negative number': '-2030.71 2914.56\n',
  'a number beyond all numbers': `${'9'.repeat(400)}.00 1.00\n`,
  'an exponent': '2.03e3 2914.56\n',
  'a second line': '2030.71 2914.56\n2030.71 2914.56\n',
  CRLF: '2030.71 2914.56\r\n',
  'a NUL': '2030.71\x002914.56\n',
});
