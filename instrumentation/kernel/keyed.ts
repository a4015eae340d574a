import { type Bytes, decimal, NEWLINE, ParseError, skipBlanks, skipDigits, SPACE } from './bytes.ts';

const COLON = 0x3a;

/**
 * A parser for the kernel's files of one `key value` or `key: value kB` a line: /proc/meminfo and the flat keyed files
 * of cgroups (cpu.stat, memory.stat, cpuacct.stat; Documentation/admin-guide/cgroup-v2.rst, "Interface Files").
 * It returns the keys asked for that the kernel wrote, as the numbers that stand there; a key that is not there is
 * absent, keys not asked for are passed over. `unit` is the word that must follow the number of each of `keys`; those in
 * `bare` have none.
 */
export function keyed<const K extends string, const B extends string = never>(
  keys: readonly K[],
  unit?: string,
  bare: readonly B[] = [],
): (bytes: Bytes) => Partial<Record<K | B, number>> {
  const all: readonly (K | B)[] = [...keys, ...bare];
  const names = all.map((key) => new TextEncoder().encode(key));
  const byHash = new Map<number, number>();
  for (const [index, name] of names.entries()) {
    const hash = name.reduce(hashStep, 0);
    if (byHash.has(hash)) throw new Error(`two keys of one hash: ${all[index]}`);
    byHash.set(hash, index);
  }
  const ending = new TextEncoder().encode(unit === undefined ? '' : ` ${unit}`);
  const endings = all.map((_, index) => (index < keys.length ? ending : new Uint8Array()));

  return (bytes) => {
    const found: Partial<Record<K | B, number>> = {};
    let at = 0;
    while (at < bytes.length) {
      const start = at;
      let hash = 0;
      for (let byte = bytes[at]; isOfKey(byte); byte = bytes[++at]) hash = hashStep(hash, byte!);
      const index = byHash.get(hash);
      const keyEnd = at;
      // One pass over the bytes: to ask for each newline would take four times as long.
      while (at < bytes.length && bytes[at] !== NEWLINE) at++;
      const newline = at++;
      if (newline === bytes.length) throw new ParseError('a whole line', bytes, start);
      if (index === undefined || !same(names[index]!, bytes, start, keyEnd)) continue;
      const from = skipBlanks(bytes, bytes[keyEnd] === COLON ? keyEnd + 1 : keyEnd);
      const to = skipDigits(bytes, from);
      if (!same(endings[index]!, bytes, to, newline)) throw new ParseError(`a number for ${all[index]}`, bytes, start);
      found[all[index]!] = decimal(bytes, from, to);
    }
    return found;
  };
}

function isOfKey(byte: number | undefined): boolean {
  return byte !== undefined && byte !== SPACE && byte !== COLON && byte !== NEWLINE;
}

function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function same(expected: Bytes, bytes: Bytes, from: number, to: number): boolean {
  if (to - from !== expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[from + i] !== expected[i]) return false;
  return true;
}
