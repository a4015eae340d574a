import { type Bytes, decimal, lineEnd, ParseError } from './bytes.ts';

/**
 * A parser for one protocol of /proc/net/snmp or /proc/net/netstat (proc_pid_net(5)): a line of names and one of values,
 * both begun by the protocol. Newer kernels add names, and not only at the end. Names not asked for are passed over, and
 * one that is not there is absent.
 */
export function counters<const K extends string>(
  protocol: string,
  keys: readonly K[],
): (bytes: Bytes) => Partial<Record<K, number>> {
  const prefix = new TextEncoder().encode(`${protocol}: `);
  return (bytes) => {
    let end: number;
    for (let start = 0; start < bytes.length; start = end + 1) {
      end = lineEnd(bytes, start);
      if (startsWith(bytes, start, prefix)) return pair(bytes, prefix, start, end, keys);
    }
    return {};
  };
}

/** The numbers of the line after the names from `start`; none where the file was cut off between the two. */
function pair<K extends string>(
  bytes: Bytes,
  prefix: Bytes,
  start: number,
  end: number,
  keys: readonly K[],
): Partial<Record<K, number>> {
  const found: Partial<Record<K, number>> = {};
  if (end + 1 === bytes.length) return found;
  const valuesEnd = lineEnd(bytes, end + 1);
  if (!startsWith(bytes, end + 1, prefix)) throw new ParseError('the values of these names', bytes, end + 1);
  const names = words(bytes, start + prefix.length, end);
  const values = words(bytes, end + 1 + prefix.length, valuesEnd);
  if (names.length !== values.length) throw new ParseError('as many values as names', bytes, end + 1);
  for (const [index, name] of names.entries()) {
    const key = keys.find((one) => one === name);
    if (key === undefined) continue;
    const digits = new TextEncoder().encode(values[index]);
    found[key] = decimal(digits, 0, digits.length);
  }
  return found;
}

function words(bytes: Bytes, from: number, to: number): readonly string[] {
  return new TextDecoder('latin1').decode(bytes.subarray(from, to)).split(' ');
}

function startsWith(bytes: Bytes, at: number, prefix: Bytes): boolean {
  return prefix.every((byte, index) => bytes[at + index] === byte);
}
