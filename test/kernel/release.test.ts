import { parseRelease } from '../../instrumentation/kernel/release.ts';
import { parses, refuses } from '../support/parser-table.ts';

parses(parseRelease, {
  Debian: ['6.1.0-13-amd64\n', { version: 6, patchLevel: 1 }],
  'RHEL 9': ['5.14.0-427.13.1.el9_4.x86_64\n', { version: 5, patchLevel: 14 }],
  'a candidate': ['5.19.0-rc1\n', { version: 5, patchLevel: 19 }],
  'nothing behind the patch level': ['7.0\n', { version: 7, patchLevel: 0 }],
});

refuses(parseRelease, {
  nothing: '',
  'an end in the patch level': '5.1',
  'a version alone': '6\n',
  'no patch level': '6.\n',
  'no version': '.1\n',
  'a word': 'linux\n',
  'two lines': '6.1\n6.1\n',
});
