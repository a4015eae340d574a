import type { Log } from '../../src/log.ts';

/** A log that keeps what is said, and gives it to `say` as well; what is said for debugging only is left out. */
export function collectingLog(): Log & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const say = (prefix: string) => (line: string) => void lines.push(prefix + line);
  return { debug() {}, info: say(''), warn: say('warning: '), error: say(''), lines };
}
