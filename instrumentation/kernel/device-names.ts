import { type Bytes, decimal, lineEnd, ParseError, skipBlanks, skipDigits, SPACE, text } from './bytes.ts';

/** How block devices are called, by "major:minor": the first three words of each line of /proc/diskstats (iostats.rst). */
export function parseDeviceNames(bytes: Bytes): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const major = skipBlanks(bytes, start);
    const minor = skipBlanks(bytes, skipDigits(bytes, major));
    const name = skipBlanks(bytes, skipDigits(bytes, minor));
    const to = bytes.indexOf(SPACE, name);
    if (to <= name || to > end) throw new ParseError('major, minor, name and numbers', bytes, start);
    const number = `${decimal(bytes, major, skipDigits(bytes, major))}:${decimal(bytes, minor, skipDigits(bytes, minor))}`;
    names.set(number, text(bytes.subarray(name, to)));
  }
  return names;
}
