import type { Source } from '../instrumentation/source.ts';
import type { Clock } from './clock.ts';
import type { KernelFiles, ReadFailure } from './host.ts';

/** What one source said at one tick. */
export interface Reading<S = unknown> {
  readonly snapshot: S;
  /** Monotonic milliseconds, taken right before the source was read: rates divide by the difference of two. */
  readonly at: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
}

export type Readings = ReadonlyMap<Source, Reading>;

export interface SourceStats {
  readonly source: string;
  /** Seconds that reading it took since the start. */
  seconds: number;
  /** Whether it ever said anything, or failed to: whether this machine has such a thing. */
  isHere: boolean;
  /** Failures by type since the start. */
  readonly errors: Map<string, number>;
}

export interface Runner {
  /** Reads the sources of every tick, and for their own sake those that nobody asked for in too long (`atLeastEvery`). */
  readTicked(): Readings;
  /** Reads the others, but for those that are not due yet: of them it is the last reading. */
  readOthers(): Readings;
  readonly stats: readonly SourceStats[];
}

/** Milliseconds. */
const EARLY = 500;

/** So many failures are said and remembered of each source; a path may be another one each time. */
const MOST_SAID = 1000;

/**
 * Reads every source once, times it, and keeps the failure of one from the others: a source that throws, or a file that
 * cannot be read, costs only its own numbers. "Not here" is silent; a failure is counted each time and said once.
 */
export function createRunner(
  sources: readonly Source[],
  files: KernelFiles,
  clock: Clock,
  report: (source: string, failure: ReadFailure) => void,
): Runner {
  const entries = sources.map((source) => ({
    source,
    stats: { source: source.name, seconds: 0, isHere: false, errors: new Map<string, number>() },
    said: new Set<string>(),
    due: -Infinity,
    readAt: -Infinity,
    last: undefined as Reading | undefined,
  }));
  /** The last snapshot of each source, also where it failed since. */
  const last = new Map<Source, unknown>();

  function readOne({ source, stats, said }: (typeof entries)[number]): Reading | undefined {
    const at = clock.monotonic();
    const wall = clock.wall();
    const failures: ReadFailure[] = [];
    let snapshot: unknown;
    try {
      snapshot = source.read(files.host);
      const before = last.get(source);
      if (snapshot !== undefined && before !== undefined) snapshot = source.settle?.(before, snapshot) ?? snapshot;
      if (snapshot !== undefined) last.set(source, snapshot);
    } catch (error) {
      snapshot = undefined;
      failures.push({ path: source.name, type: 'internal', message: (error as Error).message });
    }
    failures.push(...files.takeFailures());
    for (const failure of failures) {
      stats.errors.set(failure.type, (stats.errors.get(failure.type) ?? 0) + 1);
      const key = `${failure.type} ${failure.path}`;
      if (said.has(key) || said.size >= MOST_SAID) continue;
      said.add(key);
      report(source.name, failure);
    }
    if (snapshot !== undefined || failures.length > 0) stats.isHere = true;
    stats.seconds += (clock.monotonic() - at) / 1000;
    return snapshot === undefined ? undefined : { snapshot, at, wall };
  }

  /** A little early is due too: timers are not that exact. */
  function readDue(entry: (typeof entries)[number]): Reading | undefined {
    const now = clock.monotonic();
    if (now < entry.due - EARLY) return entry.last;
    entry.readAt = now;
    entry.due = now + (entry.source.period ?? 0);
    entry.last = readOne(entry);
    return entry.last;
  }

  function readOverdue(): void {
    const now = clock.monotonic();
    for (const entry of entries) {
      const { isTicked, atLeastEvery } = entry.source;
      if (!isTicked && atLeastEvery !== undefined && now >= entry.readAt + atLeastEvery - EARLY) readDue(entry);
    }
  }

  function readAll(isTicked: boolean): Readings {
    const readings = new Map<Source, Reading>();
    for (const entry of entries) {
      if ((entry.source.isTicked ?? false) !== isTicked) continue;
      const reading = readDue(entry);
      if (reading !== undefined) readings.set(entry.source, reading);
    }
    return readings;
  }

  return {
    stats: entries.map(({ stats }) => stats),
    readTicked() {
      const readings = readAll(true);
      readOverdue();
      files.endTick();
      return readings;
    },
    readOthers: () => readAll(false),
  };
}
