import { parseLimit } from '../kernel/cgroup.ts';
import type { Host } from '../source.ts';

/**
 * The tightest of the limits that `file` ("max" or a number) sets in these directories: each of them holds. Undefined
 * without one, and where there is one that could not be read.
 */
export function tightestIn(host: Host, directories: readonly string[], file: string): number | undefined {
  let tightest = Infinity;
  for (const directory of directories) {
    const path = `${directory}/${file}`;
    const limit = host.read(path, parseLimit);
    if (limit === undefined && host.exists(path)) return undefined;
    if (limit !== undefined && limit < tightest) tightest = limit;
  }
  return tightest === Infinity ? undefined : tightest;
}
