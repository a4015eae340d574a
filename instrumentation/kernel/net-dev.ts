import { type Bytes, decimal, lineEnd, ParseError, skipBlanks, skipDigits, text } from './bytes.ts';

/** What went through one interface in one direction. */
export interface Traffic {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface Interface {
  readonly name: string;
  readonly receive: Traffic;
  readonly transmit: Traffic;
}

/** What each of the 16 columns means stands in the second line, and has been the same since Linux 2.4. */
const COLUMNS =
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed';

/** /proc/net/dev (proc_pid_net(5)): every interface of one network namespace. */
export function parseNetDev(bytes: Bytes): readonly Interface[] {
  const second = lineEnd(bytes, 0) + 1;
  const header = lineEnd(bytes, second);
  if (text(bytes.subarray(second, header)) !== COLUMNS) throw new ParseError('the known columns', bytes, second);
  const interfaces: Interface[] = [];
  let end: number;
  for (let start = header + 1; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    interfaces.push(parseInterface(bytes, start, end));
  }
  return interfaces;
}

const COLON = 0x3a;

/** Aliases of old kernels have a colon in their name; after the last one there are only numbers. */
function parseInterface(bytes: Bytes, start: number, end: number): Interface {
  const colon = bytes.lastIndexOf(COLON, end);
  const from = skipBlanks(bytes, start);
  if (colon <= from) throw new ParseError('the name of an interface', bytes, start);
  const columns = numbers(bytes, colon + 1, end);
  if (columns.length !== 16) throw new ParseError('16 columns', bytes, start);
  const name = new TextDecoder().decode(bytes.subarray(from, colon));
  return { name, receive: trafficIn(columns, 0), transmit: trafficIn(columns, 8) };
}

function trafficIn(columns: readonly number[], at: number): Traffic {
  const [bytes, packets, errors, dropped] = columns.slice(at, at + 4) as [number, number, number, number];
  return { bytes, packets, errors, dropped };
}

function numbers(bytes: Bytes, from: number, end: number): readonly number[] {
  const found: number[] = [];
  for (let at = skipBlanks(bytes, from); at < end; at = skipBlanks(bytes, at)) {
    const to = skipDigits(bytes, at);
    found.push(decimal(bytes, at, to));
    at = to;
  }
  return found;
}
