import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type StatsFs,
  statfsSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { type Bytes, parseNumber, ParseError } from '../instrumentation/kernel/bytes.ts';
import type { FileSystemSizes, Host } from '../instrumentation/source.ts';
import type { Clock } from './clock.ts';
import type { Setting } from './config/setting.ts';
import { keepPeaks } from './peaks.ts';

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

/**
 * These say that there is no such thing here; everything else is a failure to read. What the kernel calls EOPNOTSUPP
 * (pressure, where it is switched off) is ENOTSUP to Node: on Linux they are one number.
 */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP']);

/** A cgroup or process that went away leaves its open files behind, dead. */
const DEAD: ReadonlySet<string> = new Set(['ENODEV', 'ESRCH']);

/** Milliseconds. */
const FORGET = 60_000;
const LARGEST = 16 * 1024 * 1024;

interface Derived {
  readonly bytes: Buffer;
  readonly value: unknown;
  readonly until: number;
}

/** Says that the process may open no more files. */
const TOO_MANY: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** What a source sees of the world besides files; without one of them it sees nothing there. */
export interface Surroundings {
  /** Variables by which the platform tells of itself. */
  readonly platform?: ReadonlyMap<string, string>;
  readonly wants?: Host['wants'];
  readonly statfsElsewhere?: Host['statfsElsewhere'];
  readonly ask?: (url: string, period: number, fail: (error: Error) => void) => Bytes | undefined;
}

/**
 * Reads kernel files through kept descriptors into one buffer: a file that is read each tick costs two preads, the second
 * of which finds the end. Where descriptors are short, fewer are kept. Reading is synchronous: the kernel makes these
 * files from memory, and a promise would cost twenty times the read itself. FIFOs and the like, which could block, are
 * opened without waiting.
 */
export function openKernelFiles(
  root: string,
  clock: Pick<Clock, 'monotonic'>,
  { platform = new Map(), wants = () => false, statfsElsewhere, ask }: Surroundings = {},
): KernelFiles {
  const prefix = root === '/' ? '' : root;
  const kept = new Map<string, { fd: number; used: number }>();
  const derived = new Map<string, Derived>();
  /** Files that were not there: to look is a sixth of the price of an error from open(2). */
  const missing = new Set<string>();
  const peaks = keepPeaks();
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

  function fill(fd: number): Buffer {
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

  function load(path: string): Buffer | undefined {
    const wasOpen = kept.has(path);
    try {
      if (missing.has(path) && !isThere(prefix + path)) return undefined;
      return fill(descriptor(path));
    } catch (error) {
      forget(path);
      const { code = '' } = error as NodeJS.ErrnoException;
      // The path may lead to a new cgroup of the same name by now.
      if (wasOpen && DEAD.has(code)) return load(path);
      if (code === 'ENOENT') missing.add(path);
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
    readOnce(path, parse) {
      let fd: number | undefined;
      try {
        fd = open(prefix + path);
        return parse(fill(fd));
      } catch (error) {
        return fail(path, error);
      } finally {
        if (fd !== undefined) closeSync(fd);
      }
    },
    derive<T>(path: string, what: string, derive: (bytes: Bytes) => T): T | undefined {
      const bytes = load(path);
      if (bytes === undefined) return undefined;
      const key = `${path} ${what}`;
      const last = derived.get(key);
      if (last !== undefined && now < last.until && last.bytes.equals(bytes)) return last.value as T | undefined;
      const copy = Buffer.from(bytes);
      try {
        const value = derive(copy);
        // What could not be told may be told the next time.
        if (value !== undefined) derived.set(key, { bytes: copy, value, until: now + FORGET });
        return value;
      } catch (error) {
        return fail(path, error);
      }
    },
    isReadable(path) {
      try {
        accessSync(prefix + path, constants.R_OK);
        return true;
      } catch {
        return false;
      }
    },
    list(path) {
      try {
        return readdirSync(prefix + path).toSorted();
      } catch (error) {
        return fail(path, error);
      }
    },
    link(path) {
      try {
        return readlinkSync(prefix + path);
      } catch {
        return undefined;
      }
    },
    readPeak(path) {
      try {
        return peaks.read(prefix + path, now, (fd) => parseNumber(fill(fd)));
      } catch (error) {
        return DEAD.has((error as NodeJS.ErrnoException).code ?? '') ? undefined : fail(path, error);
      }
    },
    statfs(path) {
      try {
        return sizesOf(statfsSync(prefix + path));
      } catch (error) {
        return fail(path, error);
      }
    },
    statfsElsewhere(places) {
      const found =
        statfsElsewhere?.(places.map(({ path, identity }) => ({ path: prefix + path, identity }))) ?? new Map();
      return new Map([...found].map(([path, sizes]) => [path.slice(prefix.length), sizes]));
    },
    ask(url, period, parse) {
      const answer = ask?.(url, period, (error) => failures.push({ path: url, type: 'ask', message: error.message }));
      if (answer === undefined) return undefined;
      try {
        return parse(answer);
      } catch (error) {
        failures.push({ path: url, type: 'parse', message: (error as Error).message });
        return undefined;
      }
    },
    environment<T>(name: string, parse?: (text: string) => T): T | string | undefined {
      const value = platform.get(name);
      if (value === undefined || parse === undefined) return value;
      try {
        return parse(value);
      } catch (error) {
        failures.push({ path: name, type: 'parse', message: (error as Error).message });
        return undefined;
      }
    },
    wants,
    exists(path) {
      try {
        return isThere(prefix + path);
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
      peaks.forget(now - FORGET);
      missing.clear();
    },
    close() {
      for (const file of kept.keys()) forget(file);
      peaks.forget(Infinity);
    },
  };
}

/** As df(1) counts; zero inodes say that there are no such things. */
export function sizesOf(fs: StatsFs): FileSystemSizes {
  // Node before 24 does not tell the unit of blocks; it is nearly always the same.
  const unit = (fs as Partial<StatsFs>).frsize ?? fs.bsize;
  return {
    total: fs.blocks * unit,
    free: fs.bfree * unit,
    available: fs.bavail * unit,
    ...(fs.files > 0 && { files: fs.files, freeFiles: fs.ffree }),
  };
}

/** Throws where nobody may look. */
function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
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
