import type { TestContext } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { type KernelFiles, openKernelFiles } from '../../src/host.ts';

export type Answers = Readonly<Record<string, Uint8Array | Error | undefined>>;

/** A world in which the platform sets these variables and its services give these answers, by address. */
export function openPlatform(
  t: TestContext,
  variables: Readonly<Record<string, string>>,
  answers: Answers,
): KernelFiles {
  const kernel = openKernelFiles('/nowhere', systemClock, {
    platform: new Map(Object.entries(variables)),
    ask(url, _, fail) {
      const answer = answers[url];
      if (answer instanceof Error) fail(answer);
      return answer instanceof Error ? undefined : answer;
    },
  });
  t.after(() => kernel.close());
  return kernel;
}
