import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNumber, ParseError, text } from '../../instrumentation/kernel/bytes.ts';
import { bytesOf, parses, refuses } from '../support/parser-table.ts';

parses(parseNumber, {
  zero: ['0\n', 0],
  'a number': ['201469952\n', 201469952],
  'leading zeros': ['007\n', 7],
  'the largest exact number': ['9007199254740991\n', 9007199254740991],
  'the largest 64-bit number': ['18446744073709551615\n', 2 ** 64],
});

refuses(parseNumber, {
  nothing: '',
  'an empty line': '\n',
  'a number without a newline': '123',
  'more than 64 bits': '18446744073709559999\n',
  'more than 20 digits': '000000000000000000001\n',
  'a sign': '-1\n',
  'a plus': '+1\n',
  'a blank before': ' 1\n',
  'a blank after': '1 \n',
  CRLF: '1\r\n',
  'a NUL': '1\0\n',
  'a NUL at the end': '1\n\0',
  'a fraction': '1.5\n',
  hexadecimal: '0x10\n',
  'an exponent': '1e3\n',
  'a word': 'max\n',
  'digits of another script': '١٢\n',
  'a second line': '1\n2\n',
});

test('a number above 2^53 is the nearest double, for every 64-bit number', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      assert.equal(parseNumber(bytesOf(`${value}\n`)), Number(value));
    }),
  );
});

test('a part of a larger buffer is read as if it were alone', () => {
  const buffer = bytesOf('9912\n34\n');
  assert.equal(parseNumber(buffer.subarray(2, 5)), 12);
  assert.equal(text(buffer.subarray(5, 7)), '34');
});

test('the message of a ParseError is one printable line and quotes 40 bytes at most', () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i);
  for (let at = 0; at < bytes.length; at++) {
    const { message } = new ParseError('a number', bytes, at);
    assert.match(message, /^expected a number, found "[ -~]{1,240}"$/);
  }
  assert.equal(new ParseError('a number', bytes, 512).message, 'expected a number, found the end of the file');
  assert.equal(
    new ParseError('a number', bytesOf('é"\n')).message,
    String.raw`expected a number, found "\xc3\xa9\"\n"`,
  );
});
