import { type Bytes, lineEnd, ParseError } from './bytes.ts';

/** One line of /proc/PID/cgroup: the process' cgroup in one hierarchy. */
export interface Membership {
  /** Names as the kernel writes them; empty for v2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Parses /proc/PID/cgroup (cgroups(7)): "id:controllers:path" a line, "0::path" for v2. */
export function parseProcCgroup(bytes: Bytes): readonly Membership[] {
  const found: Membership[] = [];
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const match = /^\d+:([^:]*):(\/.*)$/s.exec(new TextDecoder().decode(bytes.subarray(start, end)));
    if (match === null) throw new ParseError('"id:controllers:/path"', bytes, start);
    found.push({ controllers: match[1] === '' ? [] : match[1]!.split(','), path: match[2]! });
  }
  return found;
}
