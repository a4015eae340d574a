import { type Bytes, lineEnd, ParseError, skipBlanks, skipDigits, SPACE, text } from './bytes.ts';

/** OpenTelemetry's names of the states of include/net/tcp_states.h, where the first one is 1. */
const STATES = [
  'established',
  'syn_sent',
  'syn_received',
  'fin_wait_1',
  'fin_wait_2',
  'time_wait',
  'closed',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
  // TCP_NEW_SYN_RECV: a connection that waits for the last packet of the handshake, without a whole socket as yet.
  'syn_received',
] as const;

export type TcpState = (typeof STATES)[number];

/** Where the parts of one line are. */
interface Row {
  readonly addresses: number;
  /** Two digits. */
  readonly state: number;
  readonly end: number;
}

/** How many lines back the same socket can be: more than share a place in the kernel's table. */
const NEAR = 8;

const COLON = 0x3a;

/**
 * The state of every socket in /proc/net/tcp or /proc/net/tcp6 (Documentation/networking/proc_net_tcp.rst), in the order of
 * the lines. A state that was not known when this was written is passed over.
 *
 * The kernel gives the list in pieces of a page. Where a socket came in between, the next piece begins with one that was
 * there already: it is counted once.
 */
export function parseTcp(bytes: Bytes): readonly TcpState[] {
  let end = lineEnd(bytes, 0);
  if (!text(bytes.subarray(0, end)).startsWith('  sl  local_address ')) {
    throw new ParseError('the line "sl local_address ..."', bytes);
  }
  const states: TcpState[] = [];
  const rows: Row[] = [];
  for (let start = end + 1; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const row = parseRow(bytes, start, end);
    const state = STATES[hex(bytes[row.state]) * 16 + hex(bytes[row.state + 1]) - 1];
    if (state !== undefined && !isAmong(bytes, rows, row)) states.push(state);
    if (rows.push(row) > NEAR) rows.shift();
  }
  return states;
}

/** "  0: 0100007F:0016 00000000:0000 0A ...": a number, two addresses with ports, the state in two digits. */
function parseRow(bytes: Bytes, start: number, end: number): Row {
  const number = skipBlanks(bytes, start);
  const colon = skipDigits(bytes, number);
  const addresses = colon + 2;
  let state = colon > number && bytes[colon] === COLON && bytes[colon + 1] === SPACE ? addresses : end;
  for (let address = 0; address < 2; address++) state = skipAddress(bytes, state, end);
  if (hex(bytes[state]) < 0 || hex(bytes[state + 1]) < 0 || bytes[state + 2] !== SPACE) {
    throw new ParseError('a socket', bytes, start);
  }
  return { addresses, state, end };
}

/** Where the field after an address and its port begins; the end of the line where there is no such thing. */
function skipAddress(bytes: Bytes, from: number, end: number): number {
  let colon = from;
  while (hex(bytes[colon]) >= 0) colon++;
  const isAddress = colon - from === 8 || colon - from === 32;
  let at = colon + 1;
  while (hex(bytes[at]) >= 0) at++;
  return isAddress && bytes[colon] === COLON && at === colon + 5 && bytes[at] === SPACE ? at + 1 : end;
}

/**
 * Whether one of these is the same socket. Many may listen at one address, each with an inode of its own; those that their
 * program has left have none.
 */
function isAmong(bytes: Bytes, rows: readonly Row[], row: Row): boolean {
  return rows.some((other) => areSame(bytes, other, row) && inode(bytes, other) === inode(bytes, row));
}

function areSame(bytes: Bytes, one: Row, other: Row): boolean {
  const length = one.state - one.addresses;
  if (other.state - other.addresses !== length) return false;
  // They differ in the last digits, if they do.
  for (let i = length; i-- > 0;) if (bytes[one.addresses + i] !== bytes[other.addresses + i]) return false;
  return true;
}

/** The sixth field after the state. */
function inode(bytes: Bytes, { state, end }: Row): string | undefined {
  return text(bytes.subarray(state, end)).split(/ +/)[6];
}

/** The kernel writes them in capitals. */
function hex(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x41 && byte <= 0x46 ? byte - 0x37 : -1;
}
