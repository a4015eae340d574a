import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** How many timers wait. */
  readonly timers: number;
  /** Lets time pass: timers fire in order, each at its time, and what one sets off settles before the next. */
  advance(milliseconds: number): Promise<void>;
  /** Lets time pass while nothing can run, as when the process was stopped: what was due fires late, at the next advance. */
  stall(milliseconds: number): void;
  /** Sets the machine's clock, which goes on from there; `monotonic` does not notice. */
  setWall(milliseconds: number): void;
}

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

export function createFakeClock(start: { monotonic?: number; wall?: number } = {}): FakeClock {
  const timers = new Set<Timer>();
  let now = start.monotonic ?? 5000;
  let wallAhead = (start.wall ?? Date.UTC(2026, 0, 1)) - now;

  function takeDue(end: number): Timer | undefined {
    const [first] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
    if (first !== undefined) timers.delete(first);
    return first;
  }

  return {
    monotonic: () => now,
    wall: () => now + wallAhead,
    after(milliseconds, call) {
      // As setTimeout has it: no fractions, and what it cannot count to is one millisecond.
      const timer = { at: now + (milliseconds >= 1 && milliseconds < 2 ** 31 ? Math.trunc(milliseconds) : 1), call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get timers() {
      return timers.size;
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      await setImmediate();
      for (let timer = takeDue(end); timer !== undefined; timer = takeDue(end)) {
        now = Math.max(now, timer.at);
        timer.call();
        await setImmediate();
      }
      now = end;
    },
    stall(milliseconds) {
      now += milliseconds;
    },
    setWall(milliseconds) {
      wallAhead = milliseconds - now;
    },
  };
}
