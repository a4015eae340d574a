/** Time as the agent sees it; a test brings its own. Only differences of `monotonic` mean something. */
export interface Clock {
  /** Milliseconds that never go back and do not count while the machine is suspended (CLOCK_MONOTONIC). */
  monotonic(): number;
  /** Milliseconds since 1970, as the machine's clock has it at the moment: it may jump either way. */
  wall(): number;
  /** Calls back once after so many milliseconds; returns what calls it off. */
  after(milliseconds: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
