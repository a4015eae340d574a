import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { type Bytes, ParseError } from '../instrumentation/kernel/bytes.ts';
import type { Host } from '../instrumentation/source.ts';
import type { Setting } from './config/setting.ts';

export const hostSettings: { readonly 'root.path': Setting<string> } = {
  'root.path': {
    doc: 'Read DIR/proc, DIR/sys and DIR/etc: a host that is mounted at DIR, or a captured tree.',
    allowed: 'a directory that holds proc',
    default: '/',
    placeholder: 'DIR',
    parse: (text) => (existsSync(path.join(text, 'proc')) ? path.resolve(text) : undefined),
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
  /** Ends a tick: files that no source has asked for during {@link FORGET_TICKS} ticks are closed. */
  endTick(): void;
  close(): void;
}

/** These say that there is no such thing here; everything else is a failure to read. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV', 'EOPNOTSUPP']);

/** A cgroup or process that went away leaves its open files behind, dead. */
const DEAD: ReadonlySet<string> = new Set(['ENODEV', 'ESRCH']);

const FORGET_TICKS = 60;
const LARGEST = 16 * 1024 * 1024;

interface Derived {
  readonly bytes: Bytes;
  readonly value: unknown;
  readonly until: number;
}

/**
 * Reads kernel files through kept descriptors into one buffer: a file that is read each tick costs one pread. Reading
 * is synchronous: the kernel makes these files from memory, and a promise would cost twenty times the read itself.
 * FIFOs and the like, which could block, are opened without waiting.
 */
export function openKernelFiles(root: string): KernelFiles {
  const prefix = root === '/' ? '' : root;
  const kept = new Map<string, { fd: number; used: number }>();
  const derived = new Map<string, Derived>();
  let failures: ReadFailure[] = [];
  let buffer = Buffer.allocUnsafeSlow(64 * 1024);
  let tick = 0;

  function fail(file: string, error: unknown): undefined {
    const type = error instanceof ParseError ? 'parse' : ((error as NodeJS.ErrnoException).code ?? 'error');
    if (!ABSENT.has(type)) failures.push({ path: prefix + file, type, message: (error as Error).message });
    return undefined;
  }

  function descriptor(path: string): number {
    const file = kept.get(path);
    if (file !== undefined) {
      file.used = tick;
      return file.fd;
    }
    const fd = openSync(prefix + path, constants.O_RDONLY | constants.O_NONBLOCK);
    kept.set(path, { fd, used: tick });
    return fd;
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
        tick < last.until &&
        last.bytes.length === bytes.length &&
        bytes.every((b, i) => b === last.bytes[i])
      ) {
        return last.value as T | undefined;
      }
      const copy = Uint8Array.from(bytes);
      try {
        const value = derive(copy);
        // What could not be told may be told the next time.
        if (value !== undefined) derived.set(path, { bytes: copy, value, until: tick + FORGET_TICKS });
        return value;
      } catch (error) {
        return fail(path, error);
      }
    },
    exists(path) {
      try {
        accessSync(prefix + path);
        return true;
      } catch {
        return false;
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
      tick++;
      if (tick % FORGET_TICKS !== 0) return;
      for (const [path, { used }] of kept) if (tick - used > FORGET_TICKS) forget(path);
    },
    close() {
      for (const file of kept.keys()) forget(file);
    },
  };
}

/** A random UUID of the kernel's (random(4)): node:crypto would cost 3 MB for it. */
export function randomId(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
}
