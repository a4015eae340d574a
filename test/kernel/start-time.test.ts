import { parseStartTime } from '../../instrumentation/kernel/start-time.ts';
import { parses, refuses } from '../support/parser-table.ts';

const BETWEEN = 'S 0 1 1 0 -1 4194560 5 6 7 8 9 10 11 12 20 0 1 0';

parses(parseStartTime, {
  'the first process of a container': [`1 (sleep) ${BETWEEN} 8640012 5 6 7\n`, 86400.12],
  'one that the machine started with': [`1 (systemd) ${BETWEEN} 0 5\n`, 0],
  'a name that looks like the rest of the line': [`1 (a) ${BETWEEN} 7 (b) ${BETWEEN} 250 5\n`, 2.5],
});

refuses(parseStartTime, {
  nothing: '',
  'a line without a newline': `1 (sleep) ${BETWEEN} 8640012 5`,
  'a line that ends with the number, which may be cut off': `1 (sleep) ${BETWEEN} 8640012\n`,
  'too few fields': '1 (sleep) S 0 1 1 0\n',
  'no name': `1 sleep ${BETWEEN} 8640012 5\n`,
  'a negative number': `1 (sleep) ${BETWEEN} -5 5\n`,
  'a number that is none': `1 (sleep) ${BETWEEN} soon 5\n`,
});
