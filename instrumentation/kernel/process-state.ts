import { type Bytes, NEWLINE, ParseError, SPACE, text } from './bytes.ts';

const LETTERS = 'RSDITtZXxKWP';
const PARENTHESIS = 0x29;

/**
 * The letter of the state in /proc/PID/stat (proc_pid_stat(5)). The name of the process stands before it in parentheses
 * and may hold all that this line is made of, ") R (" too; nothing after it holds a parenthesis.
 */
export function parseProcessState(bytes: Bytes): string {
  const at = bytes.lastIndexOf(PARENTHESIS) + 2;
  const letter = text(bytes.subarray(at, at + 1));
  const isState = at > 2 && bytes[at - 1] === SPACE && bytes[at + 1] === SPACE && LETTERS.includes(letter);
  if (!isState || bytes.at(-1) !== NEWLINE) throw new ParseError('"PID (name) state ..."', bytes);
  return letter;
}
