import { parseSwaps } from '../../instrumentation/kernel/swaps.ts';
import { parses, refuses } from '../support/parser-table.ts';

const HEADER = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

parses(parseSwaps, {
  'no swap': [HEADER, []],
  'Linux 6.18, a file in a directory with a space': [
    `${HEADER}/tmp/sw\\040ap/file                      file\t\t4092\t\t0\t\t0\n`,
    [{ name: '/tmp/sw ap/file', size: 4190208, used: 0 }],
  ],
  'before Linux 5.11, two areas, of a negative priority too': [
    `Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/dm-1                               partition\t8388604\t1234\t-2\n/swapfile                               file\t\t2097148\t2097148\t10\n`,
    [
      { name: '/dev/dm-1', size: 8589930496, used: 1263616 },
      { name: '/swapfile', size: 2147479552, used: 2147479552 },
    ],
  ],
  'a file that was removed, a name of more than 40 characters, and what looks like columns in it': [
    `${HEADER}/swap\\040(deleted)                       file\t\t4\t\t0\t\t-2\n/mnt/a\\040file\\0119\\0119\\134\\012/задание-задание-задание-задание file\t\t8\t\t4\t\t-3\n`,
    [
      { name: '/swap (deleted)', size: 4096, used: 0 },
      { name: '/mnt/a file\t9\t9\\\n/задание-задание-задание-задание', size: 8192, used: 4096 },
    ],
  ],
  'what lxcfs makes of a limit, which is no area': [
    `${HEADER}none                                    virtual\t\t524288\t524288\t0\n`,
    [],
  ],
  nothing: ['', []],
});

refuses(parseSwaps, {
  'a header that was cut off': 'Filename\t\t\t\tTy',
  'a line without a newline': `${HEADER}/dev/dm-1                               partition\t8388604\t12`,
  'a column less': `${HEADER}/dev/dm-1                               partition\t8388604\t1234\n`,
  'a column more': `${HEADER}/dev/dm-1                               partition\t8388604\t1234\t5\t-2\n`,
  'a negative size': `${HEADER}/dev/dm-1                               partition\t-4\t0\t-2\n`,
  'what lxcfs makes, cut off': `${HEADER}none                                    virtual\t\t524288\t5242`,
  'another type': `${HEADER}/dev/dm-1                               network\t4\t0\t-2\n`,
  'an empty line': `${HEADER}\n`,
});
