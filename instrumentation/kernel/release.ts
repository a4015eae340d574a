import { type Bytes, decimal, onlyLineEnd, ParseError, skipDigits } from './bytes.ts';

const DOT = 0x2e;

/** Version and patch level of the kernel, 6 and 1 of "6.1.0-13-amd64" (/proc/sys/kernel/osrelease). */
export interface Release {
  readonly version: number;
  readonly patchLevel: number;
}

export function parseRelease(bytes: Bytes): Release {
  onlyLineEnd(bytes);
  const dot = skipDigits(bytes, 0);
  if (bytes[dot] !== DOT) throw new ParseError('a release such as 6.1.0', bytes);
  return {
    version: decimal(bytes, 0, dot),
    patchLevel: decimal(bytes, dot + 1, skipDigits(bytes, dot + 1)),
  };
}
