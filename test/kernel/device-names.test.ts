import { parseDeviceNames } from '../../instrumentation/kernel/device-names.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseDeviceNames, {
  'a machine without disks': ['', new Map()],
  'disks, a part of one, a controller with directories': [
    `   8       0 sda 1 2 3 4 5 6 7 8 0 10 11
   8       1 sda1 1 2 3 4 5 6 7 8 0 10 11 0 0 0 0 0 0
 253       0 dm-0 0 0 0 0 0 0 0 0 0 0 0
 104       0 cciss/c0d0 0 0 0 0 0 0 0 0 0 0 0
`,
    new Map([
      ['8:0', 'sda'],
      ['8:1', 'sda1'],
      ['253:0', 'dm-0'],
      ['104:0', 'cciss/c0d0'],
    ]),
  ],
});

refuses(parseDeviceNames, {
  'a line without a newline': '   8       0 sda 1 2 3 4 5 6 7 8 0 10 11',
  'a line that ends with the name': '   8       0 sda\n   8       1 sda1 1 2\n',
  'a line without a minor': '   8 sda 1 2 3 4 5 6 7 8 0 10 11\n',
  'an empty line': '\n',
  'a name before the numbers': 'sda 8 0 1 2 3\n',
});
