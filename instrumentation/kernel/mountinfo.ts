import { type Bytes, lineEnd, ParseError } from './bytes.ts';

/** One line of /proc/PID/mountinfo. */
export interface Mount {
  /** The directory of the file system that is mounted: not "/" for a bind mount, nor for a cgroup seen from a namespace. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  /** The file system's own options; for cgroup v1 its controllers are among them. */
  readonly superOptions: readonly string[];
}

/** Parses /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function parseMountinfo(bytes: Bytes): readonly Mount[] {
  const mounts: Mount[] = [];
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const [before, after] = new TextDecoder().decode(bytes.subarray(start, end)).split(' - ');
    const [, , , root, mountPoint] = before!.split(' ');
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (root === undefined || mountPoint === undefined || type === undefined || superOptions === undefined) {
      throw new ParseError('a mount: root, mount point, " - ", type, source, options', bytes, start);
    }
    mounts.push({
      root: unescape(root),
      mountPoint: unescape(mountPoint),
      type,
      superOptions: superOptions.split(','),
    });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescape(path: string): string {
  return path.replaceAll(/\\([01][0-7][0-7])/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}
