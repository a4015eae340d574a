import { type Bytes, decimal, lineEnd, NEWLINE, ParseError, skipBlanks, SPACE, text } from './bytes.ts';

/** What one direction did since the machine started or the device came. */
export interface DiskTransfers {
  readonly operations: number;
  /** Of 512 bytes, whatever the device has. */
  readonly sectors: number;
  /** Requests that were joined with another one. */
  readonly merged?: number;
  /** How long all of them took. 32 bits: it starts again at zero after 50 days of them. */
  readonly milliseconds?: number;
}

/** One line of /proc/diskstats: a disk or a part of one. */
export interface DiskStats {
  /** As in /dev: "cciss/c0d0", which sysfs calls "cciss!c0d0". */
  readonly name: string;
  readonly read: DiskTransfers;
  readonly write: DiskTransfers;
  /** Operations that have begun and not ended. */
  readonly pending?: number;
  /** In which there was something to do; 32 bits. */
  readonly busyMilliseconds?: number;
  /** Those of each operation, added up also while it lasts; 32 bits. */
  readonly weightedMilliseconds?: number;
}

/** Before the columns: major, minor, name. */
const HEAD = 3;
/** All kernels since 2.6 have so many; later ones have more (discards since 4.18, flushes since 5.5). */
const COLUMNS = 11;
/** Parts of a disk before 2.6.25: what was asked for, nothing about how it went. */
const FEW_COLUMNS = 4;
const PENDING = 8;

/** Parses /proc/diskstats (Documentation/admin-guide/iostats.rst). */
export function parseDiskstats(bytes: Bytes): readonly DiskStats[] {
  const disks: DiskStats[] = [];
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    disks.push(parseLine(bytes, start, end));
  }
  return disks;
}

function parseLine(bytes: Bytes, start: number, end: number): DiskStats {
  const columns: (number | undefined)[] = [];
  let name = '';
  let field = 0;
  for (let at = skipBlanks(bytes, start); bytes[at] !== NEWLINE; at = skipBlanks(bytes, at), field++) {
    const to = wordEnd(bytes, at, end);
    if (field === HEAD - 1) name = text(bytes.subarray(at, to));
    else {
      const value = field === HEAD + PENDING ? pending(bytes, at, to) : decimal(bytes, at, to);
      if (field >= HEAD) columns.push(value);
    }
    at = to;
  }
  if (columns.length === FEW_COLUMNS) {
    const [reads, sectorsRead, writes, sectorsWritten] = columns as number[];
    return {
      name,
      read: { operations: reads!, sectors: sectorsRead! },
      write: { operations: writes!, sectors: sectorsWritten! },
    };
  }
  if (columns.length < COLUMNS) throw new ParseError('4 columns after a name, or 11 and more', bytes, start);
  const [reads, readsMerged, sectorsRead, msRead, writes, writesMerged, sectorsWritten, msWritten] =
    columns as number[];
  const [inFlight, busy, weighted] = columns.slice(PENDING);
  return {
    name,
    read: { operations: reads!, merged: readsMerged!, sectors: sectorsRead!, milliseconds: msRead! },
    write: { operations: writes!, merged: writesMerged!, sectors: sectorsWritten!, milliseconds: msWritten! },
    ...(inFlight !== undefined && { pending: inFlight }),
    busyMilliseconds: busy!,
    weightedMilliseconds: weighted!,
  };
}

const MINUS = 0x2d;

/** Kernels that counted wrongly show less than nothing here, as it is or as 32 bits without a sign. */
function pending(bytes: Bytes, from: number, to: number): number | undefined {
  if (bytes[from] === MINUS) {
    decimal(bytes, from + 1, to);
    return undefined;
  }
  const value = decimal(bytes, from, to);
  return value < 2 ** 31 ? value : undefined;
}

function wordEnd(bytes: Bytes, at: number, end: number): number {
  const space = bytes.indexOf(SPACE, at);
  return space < 0 || space > end ? end : space;
}
