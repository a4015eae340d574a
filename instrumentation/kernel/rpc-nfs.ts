import { type Bytes, decimal, lineEnd, ParseError, text } from './bytes.ts';

/** What the NFS client of one network namespace counted; a version of NFS that the kernel was built without is absent. */
export interface NfsClient {
  /** Packets and connections. */
  readonly udp?: number;
  readonly tcp?: number;
  readonly accepted?: number;
  /** Calls of remote procedures. */
  readonly calls?: number;
  readonly retransmits?: number;
  readonly authRefreshes?: number;
  /** Calls of each procedure of versions 2 and 3, and of each of the client's own operations of version 4, by number. */
  readonly v2?: readonly number[];
  readonly v3?: readonly number[];
  readonly v4?: readonly number[];
}

/** /proc/net/rpc/nfs, as net/sunrpc/stats.c writes it. */
export function parseRpcNfs(bytes: Bytes): NfsClient {
  const client: { -readonly [K in keyof NfsClient]: NfsClient[K] } = {};
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const [name, ...words] = text(bytes.subarray(start, end)).split(' ');
    const parse = LINES.get(name!);
    if (parse !== undefined) Object.assign(client, parse(words.map(number), bytes, start));
  }
  return client;
}

type Line = (numbers: readonly number[], bytes: Bytes, start: number) => NfsClient;

const LINES: ReadonlyMap<string, Line> = new Map<string, Line>([
  [
    'net',
    (numbers, bytes, start) => {
      const [, udp, tcp, accepted] = exactly(4, numbers, bytes, start);
      return { udp: udp!, tcp: tcp!, accepted: accepted! };
    },
  ],
  [
    'rpc',
    (numbers, bytes, start) => {
      const [calls, retransmits, authRefreshes] = exactly(3, numbers, bytes, start);
      return { calls: calls!, retransmits: retransmits!, authRefreshes: authRefreshes! };
    },
  ],
  ['proc2', (numbers, bytes, start) => ({ v2: procedures(numbers, bytes, start) })],
  ['proc3', (numbers, bytes, start) => ({ v3: procedures(numbers, bytes, start) })],
  ['proc4', (numbers, bytes, start) => ({ v4: procedures(numbers, bytes, start) })],
]);

/** How many there are stands before them. */
function procedures([count, ...counts]: readonly number[], bytes: Bytes, start: number): readonly number[] {
  return exactly(count, counts, bytes, start);
}

function exactly(
  count: number | undefined,
  numbers: readonly number[],
  bytes: Bytes,
  start: number,
): readonly number[] {
  if (numbers.length !== count) throw new ParseError('another number of numbers', bytes, start);
  return numbers;
}

function number(word: string): number {
  const digits = new TextEncoder().encode(word);
  return decimal(digits, 0, digits.length);
}
