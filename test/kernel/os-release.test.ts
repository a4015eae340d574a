import { parseOsRelease } from '../../instrumentation/kernel/os-release.ts';
import { parses } from '../support/parser-table.ts';

// Nothing is refused here: this is a file that people write, and words, not numbers.
parses(parseOsRelease, {
  'Debian 12': [
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n',
    { name: 'Debian GNU/Linux', version: '12', description: 'Debian GNU/Linux 12 (bookworm)' },
  ],
  'single quotes, bare values, comments': [
    '# a comment\nNAME=\'Some "Linux"\'\nVERSION_ID=3.20.1\n\nBUILD_ID=rolling\n',
    { name: 'Some "Linux"', version: '3.20.1' },
  ],
  'escapes in double quotes': [String.raw`NAME="a \"b\" \$c \\ d"` + '\n', { name: String.raw`a "b" $c \ d` }],
  CRLF: ['NAME="Debian"\r\nVERSION_ID=12\r\n', { name: 'Debian', version: '12' }],
  'a byte order mark': ['\uFEFFNAME=Alpine\n', { name: 'Alpine' }],
  'another script': ['NAME="Линукс"\n', { name: 'Линукс' }],
  'no values': ['NAME=\nVERSION_ID=""\nPRETTY_NAME=\'\'\n', {}],
  'a last line without a newline, which may be cut off': ['NAME=Debian\nVERSION_ID=1', { name: 'Debian' }],
  'lines that are no assignments': [
    'NAME = Debian\nexport NAME=Debian\nNAME="Debian\nVERSION_ID=1 2\nPRETTY_NAME="a"b\n name=x\n',
    {},
  ],
  nothing: ['', {}],
  'names that every object has': ['constructor=1\n__proto__=2\nCONSTRUCTOR=3\n', {}],
});
