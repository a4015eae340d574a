import { type Bytes, decimal, onlyLineEnd, ParseError, SPACE } from './bytes.ts';
import { USER_HZ } from './stat.ts';

const PARENTHESIS = 0x29;

/** `starttime` is the 22nd field; the state, the third, is the first one behind the name. */
const FIELDS_BETWEEN = 22 - 3;

/**
 * Seconds from the start of the machine to that of a process: `starttime` of /proc/PID/stat (proc_pid_stat(5)). The name
 * stands in parentheses and may hold all that the line is made of; nothing behind it holds a parenthesis.
 */
export function parseStartTime(bytes: Bytes): number {
  const end = onlyLineEnd(bytes);
  let at = bytes.lastIndexOf(PARENTHESIS) + 2;
  for (let field = 0; field < FIELDS_BETWEEN && at > 1; field++) at = bytes.indexOf(SPACE, at) + 1;
  const to = at > 1 ? bytes.indexOf(SPACE, at) : -1;
  if (to < 0 || to > end) throw new ParseError('"PID (name) state ..." of 22 fields or more', bytes);
  return decimal(bytes, at, to) / USER_HZ;
}
