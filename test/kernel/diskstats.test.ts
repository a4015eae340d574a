import { parseDiskstats } from '../../instrumentation/kernel/diskstats.ts';
import { parses, refuses } from '../support/parser-table.ts';

const whole = {
  read: { operations: 1, merged: 2, sectors: 3, milliseconds: 4 },
  write: { operations: 5, merged: 6, sectors: 7, milliseconds: 8 },
  pending: 9,
  busyMilliseconds: 10,
  weightedMilliseconds: 11,
};
const { pending: _, ...withoutPending } = whole;
const none = { operations: 0, merged: 0, sectors: 0, milliseconds: 0 };

parses(parseDiskstats, {
  'a machine without disks': ['', []],
  'Linux 2.6.25 to 4.17: 14 columns': ['   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n', [{ name: 'sda', ...whole }]],
  'Linux 4.18: 18 columns, with discards': [
    ' 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n',
    [{ name: 'nvme0n1', ...whole }],
  ],
  'Linux 5.5: 20 columns, with flushes': [
    ' 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n',
    [{ name: 'vda', ...whole }],
  ],
  'columns of a kernel to come': [
    ' 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n',
    [{ name: 'vda', ...whole }],
  ],
  'a part of a disk before Linux 2.6.25: four columns': [
    '   3       1 hda1 35486 38030 38031 38032\n',
    [{ name: 'hda1', read: { operations: 35486, sectors: 38030 }, write: { operations: 38031, sectors: 38032 } }],
  ],
  'a disk that never did anything': [
    '   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\n',
    [{ name: 'loop0', read: none, write: none, pending: 0, busyMilliseconds: 0, weightedMilliseconds: 0 }],
  ],
  'names with a slash, as of an array controller, and with a "!"': [
    ' 104 0 cciss/c0d0p1 1 2 3 4 5 6 7 8 9 10 11\n 104 1 cciss!c0d0 1 2 3 4 5 6 7 8 9 10 11\n',
    [
      { name: 'cciss/c0d0p1', ...whole },
      { name: 'cciss!c0d0', ...whole },
    ],
  ],
  'fewer transfers under way than none': [
    ' 8 0 sda 1 2 3 4 5 6 7 8 -1 10 11\n 8 16 sdb 1 2 3 4 5 6 7 8 4294967295 10 11\n',
    [
      { name: 'sda', ...withoutPending },
      { name: 'sdb', ...withoutPending },
    ],
  ],
});

refuses(parseDiskstats, {
  'an empty line': '\n',
  'a line without a newline': '8 0 sda 1 2 3 4 5 6 7 8 9 10 1',
  'a whole line before one that was cut off': '8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n8 16 sd',
  'columns that no kernel has: one too few': '8 0 sda 1 2 3 4 5 6 7 8 9 10\n',
  'columns that no kernel has: five': '8 1 sda1 1 2 3 4 5\n',
  'a word in the place of a number': '8 0 sda 1 2 x 4 5 6 7 8 9 10 11\n',
  'less than nothing of what counts': '8 0 sda -1 2 3 4 5 6 7 8 9 10 11\n',
  'no number after a minus': '8 0 sda 1 2 3 4 5 6 7 8 - 10 11\n',
  'a name with a space': '8 0 my disk 1 2 3 4 5 6 7 8 9 10 11\n',
});
