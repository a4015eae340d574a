import { accessSync, closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { type Bytes, ParseError } from '../instrumentation/kernel/bytes.ts';
import type { Host } from '../instrumentation/source.ts';
import type { Clock } from './clock.ts';
import type { Setting } from './config/setting.ts';

export const hostSettings: { readonly 'root.path': Setting<string> } = {
  'root.path': {
    doc: 'Read DIR/proc, DIR/sys and DIR/etc: a host that is mounted at DIR, or a captured tree.',
    allowed: 'a directory that holds a readable proc/stat',
    default: '/',
    placeholder: 'DIR',
    parse(text) {
      const file = path.join(text.trim(), 'proc/stat');
      try {
        accessSync(file, constants.R_OK);
      } catch (error) {
        throw new Error(`cannot read ${JSON.stringify(file)} (${(error as NodeJS.ErrnoException).code})`, {
          cause: error,
        });
      }
      return path.resolve(text.trim());
    },
  },
};

/** What kept a file from becoming a value. */
export interface ReadFailure {
  readonly path: string;
  /** A few words for an attribute: an errno, "parse" or "size". */
  readonly type: string;
  readonly message: string;
}

export interface KernelFiles {
  readonly host: Host;
  /** The failures since the last call. */
  takeFailures(): readonly ReadFailure[];
  /** Ends a tick: files that no source has asked for during {@link FORGET} are closed. */
  endTick(): void;
  close(): void;
}

/** These say that there is no such thing here; everything else is a failure to read. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV', 'EOPNOTSUPP']);

/** A cgroup or process that went away leaves its open files behind, dead. */
const DEAD: ReadonlySet<string> = new Set(['ENODEV', 'ESRCH']);

/** Milliseconds. */
const FORGET = 60_000;
const LARGEST = 16 * 1024 * 1024;

interface Derived {
  readonly bytes: Bytes;
  readonly value: unknown;
  readonly until: number;
}

/** Says that the process may open no more files. */
const TOO_MANY: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/**
 * Reads kernel files through kept descriptors into one buffer: a file that is read each tick costs two preads, the second
 * of which finds the end. Where descriptors are short, fewer are kept. Reading is synchronous: the kernel makes these
 * files from memory, and a promise would cost twenty times the read itself. FIFOs and the like, which could block, are
 * opened without waiting.
 */
export function openKernelFiles(root: string, clock: Pick<Clock, 'monotonic'>): KernelFiles {
  const prefix = root === '/' ? '' : root;
  const kept = new Map<string, { fd: number; used: number }>();
  const derived = new Map<string, Derived>();
  let failures: ReadFailure[] = [];
  let buffer = Buffer.allocUnsafeSlow(64 * 1024);
  let mostKept = keepable();
  let now = clock.monotonic();
  let sweep = now + FORGET;

  function fail(file: string, error: unknown): undefined {
    const type = error instanceof ParseError ? 'parse' : ((error as NodeJS.ErrnoException).code ?? 'error');
    if (!ABSENT.has(type)) failures.push({ path: prefix + file, type, message: (error as Error).message });
    return undefined;
  }

  function descriptor(path: string): number {
    const file = kept.get(path);
    if (file !== undefined) {
      file.used = now;
      return file.fd;
    }
    const fd = open(prefix + path);
    // The first one is the one that was opened first.
    if (kept.size >= mostKept) forget(kept.keys().next().value!);
    kept.set(path, { fd, used: now });
    return fd;
  }

  function open(file: string): number {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    try {
      return openSync(file, flags);
    } catch (error) {
      if (!TOO_MANY.has((error as NodeJS.ErrnoException).code ?? '') || kept.size === 0) throw error;
      // Half of them must do: the delivery needs some too.
      mostKept = Math.max(1, kept.size >> 1);
      for (const path of kept.keys()) forget(path);
      return openSync(file, flags);
    }
  }

  function forget(path: string): void {
    const file = kept.get(path);
    if (file === undefined) return;
    kept.delete(path);
    closeSync(file.fd);
  }

  function fill(fd: number): Bytes {
    let length = 0;
    for (;;) {
      if (length === buffer.length) {
        if (length >= LARGEST) throw Object.assign(new Error('larger than 16 MiB'), { code: 'size' });
        buffer = Buffer.concat([buffer], buffer.length * 2);
      }
      const count = readSync(fd, buffer, length, buffer.length - length, length);
      if (count === 0) return buffer.subarray(0, length);
      length += count;
    }
  }

  function load(path: string): Bytes | undefined {
    const wasOpen = kept.has(path);
    try {
      return fill(descriptor(path));
    } catch (error) {
      forget(path);
      // The path may lead to a new cgroup of the same name by now.
      if (wasOpen && DEAD.has((error as NodeJS.ErrnoException).code ?? '')) return load(path);
      return fail(path, error);
    }
  }

  const host: Host = {
    root,
    read(path, parse) {
      const bytes = load(path);
      if (bytes === undefined) return undefined;
      try {
        return parse(bytes);
      } catch (error) {
        return fail(path, error);
      }
    },
    derive<T>(path: string, derive: (bytes: Bytes) => T): T | undefined {
      const bytes = load(path);
      if (bytes === undefined) return undefined;
      const last = derived.get(path);
      if (
        last !== undefined &&
        now < last.until &&
        last.bytes.length === bytes.length &&
        bytes.every((b, i) => b === last.bytes[i])
      ) {
        return last.value as T | undefined;
      }
      const copy = Uint8Array.from(bytes);
      try {
        const value = derive(copy);
        // What could not be told may be told the next time.
        if (value !== undefined) derived.set(path, { bytes: copy, value, until: now + FORGET });
        return value;
      } catch (error) {
        return fail(path, error);
      }
    },
    exists(path) {
      try {
        accessSync(prefix + path);
        return true;
      } catch (error) {
        // What may not be looked at may be there.
        return !ABSENT.has((error as NodeJS.ErrnoException).code ?? '');
      }
    },
  };

  return {
    host,
    takeFailures() {
      const taken = failures;
      failures = [];
      return taken;
    },
    endTick() {
      now = clock.monotonic();
      if (now < sweep) return;
      sweep = now + FORGET;
      for (const [path, { used }] of kept) if (now - used > FORGET) forget(path);
    },
    close() {
      for (const file of kept.keys()) forget(file);
    },
  };
}

/** How many descriptors may be kept, so that enough are left for Node and for the deliveries: not all, where there are few. */
function keepable(): number {
  try {
    const most = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return most === undefined ? Infinity : Math.max(1, (Number(most) >> 1) - 16);
  } catch {
    return Infinity;
  }
}
