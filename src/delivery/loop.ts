import type { Clock } from '../clock.ts';
import type { Batch, Consumer, Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { Destination, FailureKind, Verdict } from './destination.ts';

export interface DeliveryStats {
  readonly destination: string;
  readonly taken: number;
  readonly delivered: number;
  readonly waiting: number;
  /** By reason: "bytes" for want of room, "refused" by the receiver, "exit" when the process ended before. */
  readonly lost: ReadonlyMap<string, number>;
  /** Data points that the receiver refused out of requests that it accepted. */
  readonly rejectedPoints: number;
  /** Requests by outcome. */
  readonly attempts: Readonly<Record<Verdict['kind'], number>>;
  /** Why the last attempt failed; undefined while all is well. */
  readonly trouble: string | undefined;
  /** Monotonic milliseconds at which something was delivered last; at first the start. */
  readonly deliveredAt: number;
}

export interface Delivery {
  readonly destination: Destination;
  readonly stats: DeliveryStats;
  /**
   * Sends what still waits and stops: at the latest after so many milliseconds, and at the second failure in a row of a
   * receiver that never took anything. What is left then is counted as lost.
   */
  stop(milliseconds: number): Promise<void>;
}

const SHORTEST_DELAY = 50;
const FIRST_DELAY = 1000;
const LONGEST_DELAY = 5 * 60 * 1000;
/** A receiver that needs mending is asked once in this time or a little more. */
const PROBE_DELAY = 60 * 1000;
const DRAIN_DELAY = 250;
const MOST_SAID = 100;
/** After a trouble was said, the next one of its kind is not for so long. */
const QUIET = 60 * 1000;

/** The one loop that carries records from the journal to a destination: one request in flight, everything else waits. */
export function startDelivery(
  journal: Journal,
  destination: Destination,
  options: { readonly clock: Clock; readonly log: Log; readonly random: () => number },
): Delivery {
  const { clock, log } = options;
  const abort = new AbortController();
  const attempts = { delivered: 0, transient: 0, endpoint: 0, data: 0 };
  const lost = new Map<string, number>();
  let { mostRecords } = destination;
  let delivered = 0;
  let deliveredAt = clock.monotonic();
  let rejectedPoints = 0;
  let failures = 0;
  let refusedInARow = 0;
  let trouble: { kind: FailureKind; reason: string } | undefined;
  const quietUntil = new Map<FailureKind, number>();
  let isTroubleSaid = false;
  let isStopping = false;
  let isOver = false;
  let wake: (() => void) | undefined;

  const consumer: Consumer = journal.consumer(destination.name, () => {
    if (consumer.stats.lost.size > 0)
      sayOnce(`no more room: the oldest samples for ${destination.address} are given up`);
    if (failures === 0) wake?.();
  });

  /** Returns early when something happens: a new record while all is well, or the end. */
  async function pause(milliseconds: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = milliseconds === undefined ? undefined : clock.after(milliseconds, resolve);
    wake = resolve;
    await promise;
    wake = undefined;
    cancel?.();
  }

  async function run(): Promise<void> {
    while (!isOver) {
      const batch = consumer.take(mostRecords, destination.mostBytes);
      if (batch !== undefined) await deliver(batch);
      else if (isStopping) return;
      else await pause(undefined);
    }
  }

  /** Until every record of the batch is delivered or refused for good. A refused request is halved to find the culprit. */
  async function deliver(batch: Batch): Promise<void> {
    const pieces: (readonly Uint8Array[])[] = [batch.records];
    while (pieces.length > 0) {
      if (isOver) return;
      const piece = pieces[0]!;
      const verdict = await send(piece);
      if (verdict.kind === 'delivered') {
        pieces.shift();
        onDelivered(piece.length, verdict);
      } else if (verdict.kind === 'data') {
        pieces.splice(0, 1, ...onRefused(piece, verdict));
        // One bad record is found quickly; a receiver that refuses one after the other is not to be hammered.
        if (refusedInARow > 1 && !isStopping) await pause(SHORTEST_DELAY + options.random() * FIRST_DELAY);
      } else if (!isOver) {
        onFailure(verdict);
        if (!isOver) await pause(delayAfter(verdict));
      }
    }
    consumer.done();
  }

  /**
   * A receiver that never took anything and refuses one record may be no receiver at all (a page, a port of TLS): then it
   * refuses an empty request as well, and it is the address that needs mending, not the record that is bad.
   */
  async function send(records: readonly Uint8Array[]): Promise<Verdict> {
    const verdict = await attempt(records);
    if (verdict.kind !== 'data' || records.length > 1 || delivered > 0) return verdict;
    const empty = await attempt([]);
    return empty.kind === 'data' ? { ...empty, kind: 'endpoint' } : verdict;
  }

  async function attempt(records: readonly Uint8Array[]): Promise<Verdict> {
    const verdict = await destination.send(records, abort.signal);
    attempts[verdict.kind]++;
    return verdict;
  }

  function onDelivered(records: number, { rejected = 0, warning }: Extract<Verdict, { kind: 'delivered' }>): void {
    if (trouble !== undefined && isTroubleSaid) log.info(`delivering to ${destination.address} again`);
    isTroubleSaid = false;
    trouble = undefined;
    failures = 0;
    refusedInARow = 0;
    delivered += records;
    deliveredAt = clock.monotonic();
    log.debug(`delivered ${records} ${records === 1 ? 'record' : 'records'} to ${destination.address}`);
    rejectedPoints += rejected;
    if (rejected > 0) sayOnce(`${destination.address} refuses data points: ${warning ?? 'no reason given'} (counted)`);
    else if (warning !== undefined) sayOnce(`${destination.address} says: ${warning}`);
  }

  function onRefused(
    piece: readonly Uint8Array[],
    verdict: Exclude<Verdict, { kind: 'delivered' }>,
  ): (readonly Uint8Array[])[] {
    failures = 0;
    if (piece.length === 1) {
      refusedInARow++;
      lose('refused', 1);
      sayOnce(`${destination.address} refused a sample for good, it is lost: ${verdict.reason}`);
      return [];
    }
    const half = piece.length >> 1;
    if (verdict.tooLarge) mostRecords = half;
    return [piece.slice(0, half), piece.slice(half)];
  }

  function onFailure({ kind, reason, hint }: Exclude<Verdict, { kind: 'delivered' }>): void {
    failures++;
    const why = hint === undefined ? reason : `${reason} (${hint})`;
    log.debug(`attempt ${failures} at ${destination.address} failed: ${reason}`);
    if (isStopping && (kind === 'endpoint' || (failures > 1 && delivered === 0))) isOver = true;
    // One that comes and goes is said once in a while.
    if (trouble?.kind !== kind && !isStopping && clock.monotonic() >= (quietUntil.get(kind) ?? 0)) {
      quietUntil.set(kind, clock.monotonic() + QUIET);
      isTroubleSaid = true;
      log.warn(`cannot deliver to ${destination.address}: ${why}; samples are kept and tried again`);
    }
    trouble = { kind, reason: why };
  }

  /** Jitter comes on top of Retry-After: one that is always zero makes no hot loop, and a fleet comes back spread out. */
  function delayAfter({ kind, retryAfter }: Exclude<Verdict, { kind: 'delivered' }>): number {
    if (isStopping) return Math.max(DRAIN_DELAY, retryAfter ?? 0);
    if (kind === 'endpoint') return Math.max(PROBE_DELAY * (1 + options.random() / 4), retryAfter ?? 0);
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(failures - 1, 20));
    return (retryAfter ?? 0) + Math.max(SHORTEST_DELAY, options.random() * longest);
  }

  /** Remembers no more than so many: a receiver may think of something new each time. */
  const said = new Set<string>();
  function sayOnce(message: string): void {
    if (said.size === MOST_SAID || said.has(message)) return;
    said.add(message);
    log.warn(message);
  }

  function lose(reason: string, count: number): void {
    if (count > 0) lost.set(reason, (lost.get(reason) ?? 0) + count);
  }

  function stats(): DeliveryStats {
    const { taken } = consumer.stats;
    const allLost = new Map([...consumer.stats.lost, ...lost]);
    return {
      destination: destination.name,
      taken,
      delivered,
      waiting: taken - delivered - sum(allLost),
      lost: allLost,
      rejectedPoints,
      attempts,
      trouble: trouble?.reason,
      deliveredAt,
    };
  }

  const running = run();

  return {
    destination,
    get stats() {
      return stats();
    },
    async stop(milliseconds) {
      isStopping = true;
      wake?.();
      const cancel = clock.after(milliseconds, () => {
        isOver = true;
        abort.abort();
        wake?.();
      });
      await running;
      cancel();
      isOver = true;
      lose('exit', stats().waiting);
    },
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
