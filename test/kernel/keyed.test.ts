import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyed } from '../../instrumentation/kernel/keyed.ts';
import { parses, refuses } from '../support/parser-table.ts';

const cpuStat = keyed(['usage_usec', 'user_usec', 'system_usec']);
const memoryStat = keyed(['inactive_file', 'total_inactive_file', 'hierarchical_memory_limit']);

parses(cpuStat, {
  'cpu.stat of v2': [
    'usage_usec 6875223\nuser_usec 2587752\nsystem_usec 4287471\nnr_periods 48\nnr_throttled 43\nthrottled_usec 2073041\n',
    { usage_usec: 6875223, user_usec: 2587752, system_usec: 4287471 },
  ],
  nothing: ['', {}],
  'only lines that it does not know': ['nr_periods 48\nthrottled_usec\n\nsome 1 2 3\nx -1\n \n', {}],
  'lines in another order': ['user_usec 2\nusage_usec 1\n', { usage_usec: 1, user_usec: 2 }],
  'keys that begin or end like a known one': ['usage_use 1\nusage_usec2 2\nxusage_usec 3\nUSAGE_USEC 4\n', {}],
  'a key with the same hash as a known one': ['usage_usec 8\nvTage_usec 7\n', { usage_usec: 8 }],
  'a tab, which the kernel does not write, as part of the key': ['usage_usec\t5\nuser_usec 6\n', { user_usec: 6 }],
  'CRLF in lines that it does not know': ['nr_periods 48\r\nusage_usec 1\n', { usage_usec: 1 }],
  'the largest 64-bit number': ['usage_usec 18446744073709551615\n', { usage_usec: 2 ** 64 }],
});

parses(memoryStat, {
  'memory.stat of v2': [
    'anon 33910784\nfile 12582912\ninactive_anon 42180608\ninactive_file 4194304\nactive_file 0\n',
    { inactive_file: 4194304 },
  ],
  'memory.stat of v1': [
    'cache 12824576\ninactive_file 4395008\nhierarchical_memory_limit 134217728\nhierarchical_memsw_limit 9223372036854771712\ntotal_inactive_file 4395009\n',
    { inactive_file: 4395008, hierarchical_memory_limit: 134217728, total_inactive_file: 4395009 },
  ],
});

refuses(cpuStat, {
  'a line without a newline': 'usage_usec 1\nuser_usec 2',
  'an unknown line without a newline': 'usage_usec 1\nnr_per',
  'a known key without a number': 'usage_usec\n',
  'a known key with a blank and no number': 'usage_usec \n',
  'a word for a number': 'usage_usec max\n',
  'a negative number': 'usage_usec -1\n',
  'two numbers': 'usage_usec 1 2\n',
  'a blank after the number': 'usage_usec 1 \n',
  'CRLF after the number': 'usage_usec 1\r\n',
  'a NUL in the number': 'usage_usec 1\x002\n',
  'a unit where none belongs': 'usage_usec 1 kB\n',
  'two lines that ran together': 'usage_usec 1user_usec 2\n',
  'more than 64 bits': 'usage_usec 99999999999999999999\n',
});

parses(keyed(['a', 'b'], 'kB', ['pages']), {
  'numbers with a unit and without': ['a: 1 kB\npages: 2\nb: 3 kB\n', { a: 1, pages: 2, b: 3 }],
});

refuses(keyed(['a', 'b'], 'kB', ['pages']), {
  'a unit that is missing': 'a: 1\n',
  'a unit that is one too many': 'pages: 2 kB\n',
});

test('keys that look alike inside are refused when the parser is made', () => {
  assert.throws(() => keyed(['usage_usec', 'vTage_usec']), /two keys of one hash: vTage_usec/);
  assert.throws(() => keyed(['usage_usec'], 'us', ['vTage_usec']), /two keys of one hash: vTage_usec/);
});
