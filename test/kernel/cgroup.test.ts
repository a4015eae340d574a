import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { knownLimit, parseCpuList, parseCpuMax, parseLimit, parseQuota } from '../../instrumentation/kernel/cgroup.ts';
import { parses, refuses } from '../support/parser-table.ts';

suite('memory limits', () => {
  parses(parseLimit, {
    'no limit of v2': ['max\n', Infinity],
    'a limit': ['134217728\n', 134217728],
    'a limit of zero': ['0\n', 0],
    'a limit of 1 PiB': ['1125899906842624\n', 2 ** 50],
    'no limit of v1, pages of 4 KiB': ['9223372036854771712\n', Infinity],
    'no limit of v1, pages of 64 KiB': ['9223372036854710272\n', Infinity],
    'no limit of v1 in Linux 2.6': ['9223372036854775807\n', Infinity],
    'the largest 64-bit number': ['18446744073709551615\n', Infinity],
  });
  refuses(parseLimit, {
    nothing: '',
    'an empty line': '\n',
    '"max" without a newline': 'max',
    'a number without a newline': '134217728',
    'part of "max"': 'ma\n',
    'more than "max"': 'maximum\n',
    'a blank after "max"': 'max \n',
    'CRLF after "max"': 'max\r\n',
    'another word': 'infinity\n',
    'minus one, which one writes but never reads': '-1\n',
    'a second line': 'max\n134217728\n',
    'a NUL': 'max\0\n',
  });
  test('knownLimit knows the same as the parser', () => {
    assert.deepEqual([0, 134217728, 9223372036854771712].map(knownLimit), [0, 134217728, Infinity]);
  });
});

suite('cpu.max', () => {
  parses(parseCpuMax, {
    'a CPU and a half': ['150000 100000\n', 1.5],
    'no limit': ['max 100000\n', Infinity],
    'another period': ['5000 20000\n', 0.25],
    'the least that the kernel takes': ['1000 1000000\n', 0.001],
    '256 CPUs': ['25600000 100000\n', 256],
  });
  refuses(parseCpuMax, {
    nothing: '',
    'a quota alone': '150000\n',
    '"max" alone': 'max\n',
    'a quota and a blank': '150000 \n',
    'a line without a newline': '150000 100000',
    'a period that was cut off': '150000 1',
    'a period of zero': '150000 0\n',
    'no limit in a period of zero': 'max 0\n',
    'a third number': '150000 100000 0\n',
    'a second line': '150000 100000\n150000 100000\n',
    'the period on the next line': '150000\n100000 \n',
    'two blanks': '150000  100000\n',
    'no quota': ' 100000\n',
    'minus one': '-1 100000\n',
    '"max" for the period': '150000 max\n',
    CRLF: '150000 100000\r\n',
    'a NUL': '150000\x00100000\n',
  });
});

suite('cpu.cfs_quota_us', () => {
  parses(parseQuota, {
    'a quota': ['50000\n', 50000],
    'no limit': ['-1\n', Infinity],
    zero: ['0\n', 0],
  });
  refuses(parseQuota, {
    nothing: '',
    'a second line': '-1\n-1\n',
    'another negative number': '-2\n',
    'minus ten': '-10\n',
    'a minus': '-\n',
    'two of them': '--1\n',
    'minus one without a newline': '-1',
    'a quota without a newline': '50000',
    '"max", which is of v2': 'max\n',
    CRLF: '-1\r\n',
  });
});

suite('CPU lists', () => {
  parses(parseCpuList, {
    'one CPU': ['0\n', 1],
    'a range': ['0-3\n', 4],
    'a range of one': ['5-5\n', 1],
    'ranges and single ones': ['0-3,8,10-11\n', 7],
    'a huge machine': ['0-255\n', 256],
    'every other CPU of eight': ['0,2,4,6\n', 4],
    'an empty list: a cgroup that was given none': ['\n', 0],
  });
  refuses(parseCpuList, {
    nothing: '',
    'a list without a newline': '0-3',
    'a range that was cut off': '0-3,8-\n',
    'a comma at the end': '0-3,\n',
    'a comma at the start': ',0-3\n',
    'a comma alone': ',\n',
    'two commas': '0,,2\n',
    'a range backwards': '3-0\n',
    'a range of ranges': '0-3-5\n',
    'a minus': '-1\n',
    blanks: '0-3, 8\n',
    'a range with a step, which one writes but never reads': '0-7:2/4\n',
    'a word': 'all\n',
    CRLF: '0-3\r\n',
    'an empty list with CRLF': '\r\n',
    'a second line': '0-3\n8,9\n',
    'a second line below an empty one': '\n0-3\n',
    'a NUL': '0-3\0\n',
  });
});
