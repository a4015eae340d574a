import { type Bytes, decimal, onlyLineEnd, ParseError, TAB } from './bytes.ts';

/** Open files of all processes. */
export interface FileNumbers {
  readonly allocated: number;
  /** Of those; since Linux 2.6 always 0. */
  readonly unused: number;
  /** Infinity where there is no limit. */
  readonly max: number;
}

/** LONG_MAX, which systemd sets; the kernel refuses more. */
const NO_LIMIT = 2 ** 63;

/** Parses /proc/sys/fs/file-nr: three numbers with tabs between them (Documentation/admin-guide/sysctl/fs.rst). */
export function parseFileNr(bytes: Bytes): FileNumbers {
  const end = onlyLineEnd(bytes);
  const first = bytes.indexOf(TAB);
  const second = bytes.indexOf(TAB, first + 1);
  if (first < 0 || second < 0) throw new ParseError('three numbers', bytes);
  const max = decimal(bytes, second + 1, end);
  return {
    allocated: decimal(bytes, 0, first),
    unused: decimal(bytes, first + 1, second),
    max: max >= NO_LIMIT ? Infinity : max,
  };
}
