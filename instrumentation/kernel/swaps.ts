import { type Bytes, lineEnd, ParseError } from './bytes.ts';
import { unescape } from './mountinfo.ts';

/** One area of swap, in bytes. */
export interface Swap {
  /** Where it lies, as seen from our root; " (deleted)" ends the name of a file that was removed. */
  readonly name: string;
  readonly size: number;
  readonly used: number;
}

const LINE = /^(\S+)[ \t]+(file|partition|virtual)[ \t]+(\d{1,15})[ \t]+(\d{1,15})[ \t]+-?\d{1,10}$/;

/**
 * Parses /proc/swaps: a header, and a line for each area, with sizes in KiB whatever the size of a page (proc_swaps(5)).
 * lxcfs makes a file of its own, with one area "none" of type "virtual"; some versions say there as used what is free.
 */
export function parseSwaps(bytes: Bytes): readonly Swap[] {
  if (bytes.length === 0) return [];
  const swaps: Swap[] = [];
  let end = lineEnd(bytes, 0);
  for (let start = end + 1; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const match = LINE.exec(new TextDecoder().decode(bytes.subarray(start, end)));
    if (match === null) throw new ParseError('an area of swap: name, type, size, use, priority', bytes, start);
    const [, name, type, size, used] = match;
    if (type === 'virtual') continue;
    swaps.push({ name: unescape(name!), size: Number(size) * 1024, used: Number(used) * 1024 });
  }
  return swaps;
}
