import { parseCpuNumbers } from '../../instrumentation/kernel/cpu-list.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseCpuNumbers, {
  'no CPU': ['\n', []],
  'one CPU': ['7\n', [7]],
  'a range': ['0-3\n', [0, 1, 2, 3]],
  'ranges and single CPUs': ['0-1,4,64-65\n', [0, 1, 4, 64, 65]],
  'a range of one': ['5-5\n', [5]],
});

refuses(parseCpuNumbers, {
  nothing: '',
  'an end in a number': '0-3,1',
  'an end after a comma': '0-3,',
  'two lines': '0\n1\n',
  'a comma at the end': '0,\n',
  'a comma at the beginning': ',0\n',
  'a range without an end': '0-\n',
  'a range without a beginning': '-3\n',
  'a range that goes back': '3-0\n',
  'a CPU that comes twice': '0-3,3\n',
  'two dashes': '0-1-2\n',
  'a mask': 'ff,ffffffff\n',
  'a range that would fill the memory': '0-4294967295\n',
  blanks: '0, 1\n',
});
