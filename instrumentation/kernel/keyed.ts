import { type Bytes, decimal, lineEnd, ParseError, skipBlanks, skipDigits, SPACE } from './bytes.ts';

const COLON = 0x3a;

/**
 * A parser for the kernel's files of one `key value` or `key: value kB` a line: /proc/meminfo and the flat keyed files
 * of cgroups (cpu.stat, memory.stat, cpuacct.stat; Documentation/admin-guide/cgroup-v2.rst, "Interface Files").
 * It returns the keys asked for that the kernel wrote, as the numbers that stand there; a key that is not there is
 * absent, keys not asked for are passed over. `unit` is the word that must follow each number.
 */
export function keyed<const K extends string>(
  keys: readonly K[],
  unit?: string,
): (bytes: Bytes) => Partial<Record<K, number>> {
  const names = keys.map((key) => new TextEncoder().encode(key));
  const byHash = new Map<number, number>();
  for (const [index, name] of names.entries()) {
    const hash = hashOf(name, 0, name.length);
    if (byHash.has(hash)) throw new Error(`two keys of one hash: ${keys[index]}`);
    byHash.set(hash, index);
  }
  const ending = new TextEncoder().encode(unit === undefined ? '' : ` ${unit}`);

  return (bytes) => {
    const found: Partial<Record<K, number>> = {};
    let newline: number;
    for (let start = 0; start < bytes.length; start = newline + 1) {
      newline = lineEnd(bytes, start);
      const keyEnd = endOfKey(bytes, start, newline);
      const index = byHash.get(hashOf(bytes, start, keyEnd));
      if (index === undefined || !same(names[index]!, bytes, start, keyEnd)) continue;
      const from = skipBlanks(bytes, bytes[keyEnd] === COLON ? keyEnd + 1 : keyEnd);
      const to = skipDigits(bytes, from);
      if (!same(ending, bytes, to, newline)) throw new ParseError(`a number for ${keys[index]}`, bytes, start);
      found[keys[index]!] = decimal(bytes, from, to);
    }
    return found;
  };
}

function endOfKey(bytes: Bytes, start: number, newline: number): number {
  let at = start;
  while (at < newline && bytes[at] !== SPACE && bytes[at] !== COLON) at++;
  return at;
}

function hashOf(bytes: Bytes, from: number, to: number): number {
  let hash = 0;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return hash;
}

function same(expected: Bytes, bytes: Bytes, from: number, to: number): boolean {
  if (to - from !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[from + i] !== expected[i]) return false;
  return true;
}
