// The two contracts of this folder. A source reads one interface of the kernel, a driver or a platform into a typed
// snapshot, and turns a snapshot into numbers. It keeps no state, and it sees the world through Host alone.

import type { Bytes } from './kernel/bytes.ts';

/** The world as a source sees it. Nothing here throws: what could not be read is counted by whoever made the Host. */
export interface Host {
  /**
   * Parses the file at `path` (absolute, below the root path). Undefined where there is no such file, or where it could
   * not be read or parsed: then that is counted as an error of the source that asked. `parse` must not keep the bytes.
   */
  read<T>(path: string, parse: (bytes: Bytes) => T): T | undefined;
  /** The same through a descriptor that is not kept: for the many files of a sweep, and for those that are read seldom. */
  readOnce<T>(path: string, parse: (bytes: Bytes) => T): T | undefined;
  /**
   * The same for what is derived from a file that seldom changes: `derive` is called anew only when the bytes are others
   * than last time, and once a minute, since it may look at more than this file. It is kept by `path` and `what`.
   */
  derive<T>(path: string, what: string, derive: (bytes: Bytes) => T): T | undefined;
  exists(path: string): boolean;
  /** Whether it is there and may be read: where only root may, another user is told by what is absent, not by an error. */
  isReadable(path: string): boolean;
  /** The names in a directory, sorted; undefined where there is no such directory. */
  list(path: string): readonly string[] | undefined;
  /** What a symbolic link says, as it stands there; undefined where there is none, or where nobody may look. */
  link(path: string): string | undefined;
  /**
   * As `read`, of a file that shows the highest value since it was last reset and that each open file resets for itself
   * alone (memory.peak, Linux 6.12 and later): what it was since the last call. Undefined at first and on older kernels.
   */
  readPeak(path: string): number | undefined;
  /**
   * The sizes of the file system that is mounted at `path`. Only for those that live on this machine: one whose server
   * is silent would hold up everything.
   */
  statfs(path: string): FileSystemSizes | undefined;
  /** The same for all others, asked for by another process that may hang: what it last said by path, nothing at first. */
  statfsElsewhere(places: readonly MountPlace[]): ReadonlyMap<string, FileSystemSizes>;
  /**
   * What a service of the platform on this machine (http://169.254.170.2/…) last answered; undefined until it did, and
   * where it does not. It is asked anew every `period` milliseconds, sooner where that failed, and nobody waits for it;
   * what it said counts for ten periods. The same answer is the same bytes.
   */
  ask<T>(url: string, period: number, parse: (bytes: Bytes) => T): T | undefined;
  /** A variable by which the platform tells of itself (ECS, Slurm); others are not seen. */
  environment(name: string): string | undefined;
  /** The same, parsed; where it cannot be, that is counted as with a file. */
  environment<T>(name: string, parse: (text: string) => T): T | undefined;
  /** Whether an attribute that is left out by default (`optInAttributes`) was asked for. */
  wants(attribute: string): boolean;
  /** The directory below which all paths are read: "/", or where a host or a captured tree is mounted. */
  readonly root: string;
}

/** Where something is mounted, and what: the sizes of one are not those of the next one there. */
export interface MountPlace {
  readonly path: string;
  readonly identity: string;
}

/** Bytes, and files (inodes); some file systems do not count those. */
export interface FileSystemSizes {
  readonly total: number;
  readonly free: number;
  /** Free for those who are not root. */
  readonly available: number;
  readonly files?: number;
  readonly freeFiles?: number;
}

export type Attributes = Readonly<Record<string, string | number>>;

/** Attribute keys, each with the values that it can have; `string` and `int` where they are not known beforehand. */
type AttributeTable = Readonly<Record<string, readonly string[] | 'string' | 'int'>>;

export type Kind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

/** One metric, declared once: the catalogue, the exported stream and the documentation all come from this. */
export interface Metric {
  /** As in OpenTelemetry's semantic conventions, or below `jobmeter.` where they have no name. */
  readonly name: string;
  readonly kind: Kind;
  /** UCUM, as the conventions use it. */
  readonly unit: string;
  readonly value: 'int' | 'double';
  readonly description: string;
  /** The kernel's file and field, or the rule by which the number is made. */
  readonly from: string;
  readonly attributes?: AttributeTable;
  /** Those that it has only where they are asked for: instead of one number there are many. */
  readonly optInAttributes?: AttributeTable;
  /** How settled the name is in the conventions; "development" if it does not say. */
  readonly stability?: 'release_candidate' | 'stable';
  /** Off unless asked for by name. */
  readonly isOptIn?: true;
  /** Of a counter: what is not told of stands at zero, so that one that comes up has grown from there. */
  readonly isZeroIfAbsent?: true;
  /** Of a histogram: the bounds of its buckets where they have to be fixed beforehand. */
  readonly boundaries?: readonly number[];
}

export type Metrics = Readonly<Record<string, Metric>>;

type Filled<T> = {
  readonly [K in keyof T]: T[K] extends readonly string[] ? T[K][number] : T[K] extends 'int' ? number : string;
};

type Always<M extends Metric> = M['attributes'] extends AttributeTable ? Filled<M['attributes']> : object;

type AttributesOf<M extends Metric> = M['optInAttributes'] extends AttributeTable
  ? Always<M> & Partial<Filled<M['optInAttributes']>>
  : Always<M>;

/** Takes one number. What is unknown (undefined, or not finite) is left out: it never becomes a zero. */
export type Emit<M extends Metrics> = <K extends keyof M>(
  metric: K,
  value: number | undefined,
  ...attributes: M[K]['attributes'] extends AttributeTable
    ? [AttributesOf<M[K]>]
    : M[K]['optInAttributes'] extends AttributeTable
      ? [AttributesOf<M[K]>?]
      : []
) => void;

/** Since when a counter counts: the machine's start, the agent's, or a time that nobody tells us. */
export type Since = 'boot' | 'agent' | 'unknown';

/** A table of metrics and the function that fills it from data: the part of a source that the exporters see. */
export interface MetricSet<D = unknown> {
  /** The scope of these metrics is named after it, and so are its errors. */
  readonly name: string;
  readonly metrics: Metrics;
  readonly since: Since;
  /** Whose numbers these are, where that can change: counters of another one are other counters. */
  identity?(data: D): string;
  observe(data: D, emit: (metric: string, value: number | undefined, attributes?: Attributes) => void): void;
}

export interface Source<S = unknown> extends MetricSet<S> {
  /**
   * Read at every tick, since rates and statistics are made of it. All others are read when somebody wants their numbers,
   * for an export or a scrape, at most once a tick.
   */
  readonly isTicked?: true;
  /** At most this often, in milliseconds, where reading is dear. Only for gauges: a rate needs readings when it is asked for. */
  readonly period?: number;
  /** Read at least this often, in milliseconds, whether anybody asks or not: what counts here begins again. */
  readonly atLeastEvery?: number;
  /** Reads once; undefined where this machine has no such thing. Synchronous: nothing that can block is read here. */
  read(host: Host): S | undefined;
  /** What the newest snapshot means after the last one, where the kernel alone does not say; without state of its own. */
  settle?(previous: S, current: S): S;
}

interface MetricSetSpec<D, M extends Metrics> {
  name: string;
  metrics: M;
  since: Since;
  identity?(data: D): string;
  observe(data: D, emit: Emit<M>): void;
}

/** Checks at compile time that `observe` fills declared metrics only, with exactly the declared attributes. */
export function defineMetrics<D, const M extends Metrics>(spec: MetricSetSpec<D, M>): MetricSet<D> {
  return spec as unknown as MetricSet<D>;
}

/** {@link defineMetrics} for a source. */
export function defineSource<S, const M extends Metrics>(
  spec: MetricSetSpec<S, M> & Pick<Source<S>, 'isTicked' | 'period' | 'atLeastEvery' | 'read' | 'settle'>,
): Source<S> {
  return spec as unknown as Source<S>;
}
