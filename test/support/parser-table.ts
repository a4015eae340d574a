import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, ParseError } from '../../instrumentation/kernel/bytes.ts';

type Parser<T> = (bytes: Bytes) => T;

export const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);

/** One test for each line of the table: what the parser makes of a text. */
export function parses<T>(
  parser: Parser<T>,
  table: Readonly<Record<string, readonly [text: string, expected: T]>>,
): void {
  for (const [name, [text, expected]] of Object.entries(table)) {
    test(`parses ${name}`, () => assert.deepEqual(parser(bytesOf(text)), expected));
  }
}

/** One test for each line of the table: a text that the parser must refuse. */
export function refuses(parser: Parser<unknown>, table: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(table)) {
    test(`refuses ${name}`, () => assert.throws(() => parser(bytesOf(text)), ParseError));
  }
}
