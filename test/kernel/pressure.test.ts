import { parsePressure } from '../../instrumentation/kernel/pressure.ts';
import { parses, refuses } from '../support/parser-table.ts';

const none = { avg10: 0, avg60: 0, avg300: 0, total: 0 };

parses(parsePressure, {
  'memory.pressure of a cgroup': [
    'some avg10=12.34 avg60=0.07 avg300=100.00 total=314622957\nfull avg10=0.29 avg60=0.58 avg300=0.01 total=3\n',
    {
      some: { avg10: 0.1234, avg60: 0.0007, avg300: 1, total: 314.622957 },
      full: { avg10: 0.0029, avg60: 0.0058, avg300: 0.0001, total: 0.000003 },
    },
  ],
  'cpu before Linux 5.13': ['some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n', { some: none }],
  irq: [
    'full avg10=0.00 avg60=0.00 avg300=0.00 total=15000000\n',
    { full: { avg10: 0, avg60: 0, avg300: 0, total: 15 } },
  ],
  'lines that it does not know': [
    'most avg10=1\nsomewhat avg10=2\n\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    { some: none },
  ],
  nothing: ['', {}],
});

refuses(parsePressure, {
  'a line without a newline': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=31',
  'a line that was cut off': 'some avg10=0.00 avg60=0.00\n',
  'no total': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=\n',
  'another order': 'some avg60=0.00 avg10=0.00 avg300=0.00 total=0\n',
  'a field more': 'some avg10=0.00 avg60=0.00 avg300=0.00 avg900=0.00 total=0\n',
  'more than all the time': 'full avg10=100.01 avg60=0.00 avg300=0.00 total=0\n',
  'a negative share': 'full avg10=-1.00 avg60=0.00 avg300=0.00 total=0\n',
  'a share without its decimals': 'full avg10=1 avg60=0.00 avg300=0.00 total=0\n',
  'a total with decimals': 'full avg10=0.00 avg60=0.00 avg300=0.00 total=1.5\n',
  'more than 64 bits': 'full avg10=0.00 avg60=0.00 avg300=0.00 total=99999999999999999999\n',
  CRLF: 'full avg10=0.00 avg60=0.00 avg300=0.00 total=0\r\n',
});
