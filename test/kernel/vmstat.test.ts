import { parseVmstat } from '../../instrumentation/kernel/vmstat.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseVmstat, {
  'Linux 6': [
    'nr_free_pages 1452670\npgpgin 7\npswpin 1\npswpout 2\npgfault 33299280\npgmajfault 3583\ndrop_pagecache 0\noom_kill 4\nswap_ra 5\n',
    { pswpin: 1, pswpout: 2, pgfault: 33299280, pgmajfault: 3583, oom_kill: 4 },
  ],
  'a kernel before 4.13 that cannot swap': ['pgfault 5\npgmajfault 1\n', { pgfault: 5, pgmajfault: 1 }],
  'a kernel that does not count events': ['nr_free_pages 1452670\n', {}],
});

refuses(parseVmstat, {
  'a line without a newline': 'pgfault 3329',
  'a negative count': 'oom_kill -1\n',
  'a unit': 'pswpin 1 kB\n',
});
