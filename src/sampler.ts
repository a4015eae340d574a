import { uptime } from '../instrumentation/host/uptime.ts';
import type { Source } from '../instrumentation/source.ts';
import type { Clock } from './clock.ts';
import { durationSetting, type Setting } from './config/setting.ts';
import type { Reading, Readings } from './runner.ts';

export const samplerSettings: { readonly interval: Setting<number> } = {
  interval: durationSetting({
    doc: 'How often CPU and memory are read; the rest is read when it is wanted.',
    default: 1000,
    least: 100,
    most: 300_000,
    allowed: 'a time from 100ms to 5m, such as 500ms, 1s or 2 (seconds)',
  }),
};

/** Everything read at one tick; immutable. */
export interface Sample {
  /** Which tick of the clock this is, counted from the start: ticks that were missed leave a gap. */
  readonly slot: number;
  /** Milliseconds since 1970. */
  readonly wall: number;
  readonly readings: Readings;
}

/** The reading of one source, with its type. */
export function readingOf<S>(sample: Sample | undefined, source: Source<S>): Reading<S> | undefined {
  return sample?.readings.get(source) as Reading<S> | undefined;
}

export interface TickStats {
  /** Taken within a tenth of an interval of their time. */
  onTime: number;
  /** Taken later than that. */
  late: number;
  /** Not taken: the agent was stopped or starved while their time went by. */
  missed: number;
  /** Fell into a suspension of the machine, during which the monotonic clock stands still. */
  suspended: number;
}

export interface Tick {
  readonly sample: Sample;
  readonly previous: Sample | undefined;
  /** Seconds that reading took. */
  readonly duration: number;
  /** Seconds after its time; undefined of a sample out of turn. */
  readonly lateness: number | undefined;
}

export interface Sampler {
  readonly stats: TickStats;
  /** Monotonic milliseconds at which the last sample was taken. */
  readonly sampledAt: number | undefined;
  /** Takes the first sample at once, then one each interval. */
  start(): void;
  /** Takes a sample now, outside of the schedule, unless the last one is less than a tenth of an interval old. */
  sampleNow(): void;
  stop(): void;
}

/** Timers may fire up to a millisecond before their time. */
const EARLY = 2;

/** The one clock: samples at start + n × interval by the monotonic clock, so that lateness never adds up. */
export function createSampler(options: {
  /** Milliseconds. */
  interval: number;
  clock: Clock;
  read(): Readings;
  onTick(tick: Tick): void;
}): Sampler {
  const { interval, clock } = options;
  const stats: TickStats = { onTime: 0, late: 0, missed: 0, suspended: 0 };
  let start = 0;
  let previous: Sample | undefined;
  let cancel: (() => void) | undefined;
  let takenAt = 0;

  function take(slot: number, lateness?: number): void {
    const began = clock.monotonic();
    takenAt = began;
    const sample: Sample = { slot, wall: clock.wall(), readings: options.read() };
    stats.suspended += Math.floor(suspension(previous, sample) / interval);
    const last = previous;
    previous = sample;
    options.onTick({
      sample,
      previous: last,
      duration: (clock.monotonic() - began) / 1000,
      lateness: lateness === undefined ? undefined : lateness / 1000,
    });
  }

  function tick(): void {
    const elapsed = clock.monotonic() - start;
    const slot = Math.floor((elapsed + EARLY) / interval);
    const lateness = Math.max(0, elapsed - slot * interval);
    if (previous !== undefined) stats.missed += Math.max(0, slot - previous.slot - 1);
    if (lateness > interval / 10) stats.late++;
    else stats.onTime++;
    schedule(slot + 1);
    take(slot, lateness);
  }

  function schedule(slot: number): void {
    cancel = clock.after(Math.max(1, Math.ceil(start + slot * interval - clock.monotonic())), tick);
  }

  return {
    stats,
    get sampledAt() {
      return previous === undefined ? undefined : takenAt;
    },
    start() {
      start = clock.monotonic();
      tick();
    },
    sampleNow() {
      if (previous !== undefined && clock.monotonic() - takenAt > interval / 10) take(previous.slot);
    },
    stop() {
      cancel?.();
    },
  };
}

/** Milliseconds of suspension between two samples: /proc/uptime counts them, the monotonic clock does not. */
function suspension(previous: Sample | undefined, current: Sample): number {
  const before = readingOf(previous, uptime);
  const now = readingOf(current, uptime);
  if (before === undefined || now === undefined) return 0;
  return Math.max(0, (now.snapshot - before.snapshot) * 1000 - (now.at - before.at));
}
