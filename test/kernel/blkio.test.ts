import { parseBlkio } from '../../instrumentation/kernel/blkio.ts';
import { parses, refuses } from '../support/parser-table.ts';

const lines = (device: string, read: number, write: number) =>
  `${device} Read ${read}\n${device} Write ${write}\n${device} Sync 9\n${device} Async 9\n${device} Total 9\n`;

parses(parseBlkio, {
  'a cgroup without I/O': ['Total 0\n', []],
  'two devices': [
    `${lines('8:0', 1, 2)}${lines('259:3', 3, 4)}Total 10\n`,
    [
      { device: '8:0', read: 1, write: 2 },
      { device: '259:3', read: 3, write: 4 },
    ],
  ],
  'a kernel that tells of discards': [
    '254:0 Read 62914560\n254:0 Write 63000576\n254:0 Sync 184635392\n254:0 Async 0\n254:0 Discard 58720256\n254:0 Total 184635392\nTotal 184635392\n',
    [{ device: '254:0', read: 62914560, write: 63000576 }],
  ],
  'a device without a number': [
    `${lines('(unknown)', 7, 7)}${lines('8:0', 1, 2)}Total 3\n`,
    [{ device: '8:0', read: 1, write: 2 }],
  ],
});

refuses(parseBlkio, {
  nothing: '',
  'a file that was cut off after a line': lines('8:0', 1, 2),
  'a file that was cut off within its last line': `${lines('8:0', 1, 2)}Total 3`,
  'a device without an operation': '8:0\n8:0 5\nTotal 5\n',
  'an operation without a number': '8:0 Read\nTotal 0\n',
  'a number that is none': '8:0 Read many\nTotal 0\n',
  'a negative number': '8:0 Write -1\nTotal 0\n',
  'two numbers': '8:0 Read 1 2\nTotal 3\n',
});
