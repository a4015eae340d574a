// What a source asks of the kernel, found by watching it: the plan by which bench/read.c does the same.

import type { Host, Source } from '../instrumentation/source.ts';

/** The letter by which bench/read.c knows each way to ask. */
const LETTERS: Readonly<Partial<Record<PropertyKey, string>>> = {
  read: 'r',
  derive: 'r',
  readOnce: 'o',
  readPeak: 'p',
  list: 'l',
  link: 'k',
  statfs: 's',
  exists: 'e',
  isReadable: 'a',
} satisfies Partial<Record<keyof Host, string>>;

export interface Step {
  readonly letter: string;
  readonly path: string;
  /** Nothing is there, or it could not be read. */
  readonly isAbsent: boolean;
}

/** Reads the source once. What a thread or another process does for it (statfsElsewhere, ask) is on neither side. */
export function record(source: Source, host: Host): readonly Step[] {
  const steps: Step[] = [];
  const watched = new Proxy(host, {
    get(host, name: keyof Host) {
      const method: unknown = host[name];
      const letter = LETTERS[name];
      if (letter === undefined || typeof method !== 'function') return method;
      return (path: string, ...rest: readonly unknown[]): unknown => {
        const answer: unknown = method(path, ...rest);
        const isAbsent = answer === undefined || answer === false;
        // A peak that cannot be reset is not even opened.
        if (name !== 'readPeak' || !isAbsent) steps.push({ letter, path, isAbsent });
        return answer;
      };
    },
  });
  source.read(watched);
  return steps;
}
