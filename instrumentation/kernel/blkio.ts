import { type Bytes, decimal, lineEnd, ParseError, SPACE, text } from './bytes.ts';
import { deviceNumber } from './io-stat.ts';

/** One number for each direction of a block device: bytes or operations, as the file counts. */
export interface DeviceCount {
  /** "major:minor" */
  readonly device: string;
  readonly read?: number;
  readonly write?: number;
}

/**
 * `blkio.throttle.io_service_bytes` and `io_serviced` of v1 (cgroup-v1/blkio-controller.rst): "major:minor Read number",
 * the same for Write, Sync, Async, Discard and Total of each device, and "Total number" at the end. Without that the file
 * was cut off. A device without a number ("(unknown)") is passed over.
 */
export function parseBlkio(bytes: Bytes): readonly DeviceCount[] {
  const found = new Map<string, DeviceCount>();
  let isWhole = false;
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const space = bytes.subarray(start, end).indexOf(SPACE);
    const device = space < 0 ? undefined : deviceNumber(bytes, start, start + space);
    const from = start + space + 1;
    if (device !== undefined) found.set(device, { device, ...found.get(device), ...direction(bytes, from, end) });
    isWhole = text(bytes.subarray(start, from)) === 'Total ';
  }
  if (!isWhole) throw new ParseError('the line "Total"', bytes, bytes.length);
  return [...found.values()];
}

function direction(bytes: Bytes, from: number, end: number): Pick<DeviceCount, 'read' | 'write'> {
  const space = bytes.indexOf(SPACE, from);
  if (space < 0 || space >= end) throw new ParseError('an operation and a number', bytes, from);
  switch (text(bytes.subarray(from, space))) {
    case 'Read':
      return { read: decimal(bytes, space + 1, end) };
    case 'Write':
      return { write: decimal(bytes, space + 1, end) };
    default:
      return {};
  }
}
