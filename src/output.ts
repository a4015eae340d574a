import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';

// Standard output and error are shared with whoever started us, the job first of all. process.stdout and process.stderr
// set O_NONBLOCK on what is shared as soon as somebody looks at them, and then the job loses what it writes while the
// reader is slow. Node itself looks at them here and there (each time a socket closes), so others stand in their place.

export type Written = 'out' | 'begun' | 'dropped';

export interface Output {
  /**
   * Writes a line now. Where the reader is gone or does not keep up, it is dropped as a whole, or only begun: its rest is
   * kept and goes before anything else.
   */
  write(line: string): Written;
  /** Writes the rest of a line that was begun; whether there is none left. */
  flush(): boolean;
  readonly isTerminal: boolean;
}

/**
 * An output of the process by its number. A pipe or a terminal is opened anew, without waiting: the flags of the shared
 * one stay.
 */
export function openOutput(fd: 1 | 2): Output {
  const stat = fstatSync(fd, { throwIfNoEntry: false });
  const isTerminal = isatty(fd);
  const own = stat?.isFIFO() === true || isTerminal ? reopen(fd) : fd;
  let rest: Uint8Array = new Uint8Array();

  /** What could not be written of these bytes. */
  function put(bytes: Uint8Array): Uint8Array {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(own, bytes, at);
    } catch {
      // EAGAIN, EPIPE, EBADF: nobody reads, and there is nobody to tell.
    }
    return bytes.subarray(at);
  }

  function flush(): boolean {
    rest = put(rest);
    return rest.length === 0;
  }

  return {
    isTerminal,
    flush,
    write(line) {
      if (!flush()) return 'dropped';
      const bytes = Buffer.from(line);
      const left = put(bytes);
      if (left.length === 0) return 'out';
      if (left.length === bytes.length) return 'dropped';
      rest = left;
      return 'begun';
    },
  };
}

/** Puts `output` in the place of process.stdout or process.stderr, before anybody has looked at that. */
export function standInFor(name: 'stdout' | 'stderr', output: Output): void {
  const value = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      output.write(String(chunk));
      done();
    },
  });
  Object.defineProperty(process, name, { value, configurable: true });
}

/** Writes all of a text to standard output, however slow its reader is: for a command whose output is its purpose. */
export function writeAll(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      // A reader that went away has what it wanted.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function reopen(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
