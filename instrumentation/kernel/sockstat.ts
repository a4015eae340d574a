import { type Bytes, decimal, lineEnd, ParseError, text } from './bytes.ts';

/** Sockets of one network namespace. */
export interface TcpSockets {
  /** Of IPv4 (sockstat) or of IPv6 (sockstat6), neither in TIME_WAIT nor being set up. */
  readonly inUse?: number;
  /** In TIME_WAIT, of both; only sockstat has it. */
  readonly timeWait?: number;
}

const KEYS: ReadonlyMap<string, keyof TcpSockets> = new Map([
  ['inuse', 'inUse'],
  ['tw', 'timeWait'],
]);

/** The TCP line of /proc/net/sockstat or the TCP6 line of /proc/net/sockstat6: words and numbers in turn. */
export function parseSockstat(bytes: Bytes): TcpSockets {
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const [name, ...words] = text(bytes.subarray(start, end)).split(' ');
    if (name !== 'TCP:' && name !== 'TCP6:') continue;
    if (words.length % 2 !== 0) throw new ParseError('words and numbers in turn', bytes, start);
    const found: { -readonly [K in keyof TcpSockets]: TcpSockets[K] } = {};
    for (let at = 0; at < words.length; at += 2) {
      const key = KEYS.get(words[at]!);
      if (key === undefined) continue;
      const digits = new TextEncoder().encode(words[at + 1]);
      found[key] = decimal(digits, 0, digits.length);
    }
    return found;
  }
  return {};
}
