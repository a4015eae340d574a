import { type Bytes, lineEnd, ParseError } from './bytes.ts';

/** One line of /proc/PID/mountinfo. */
export interface Mount {
  readonly id: string;
  /** The mount below which it lies, or on top of which: not in the table where that cannot be seen from here. */
  readonly parent: string;
  /** The number of the file system ("8:1"): all its mounts have the same. */
  readonly device: string;
  /** The directory of the file system that is mounted: not "/" for a bind mount, nor for a cgroup seen from a namespace. */
  readonly root: string;
  readonly mountPoint: string;
  /** Those of this mount alone; "ro" may stand here, there, or in both. */
  readonly options: readonly string[];
  readonly type: string;
  /** What was mounted: a device, a directory of a server, or any word. */
  readonly source: string;
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
    const [id, parent, device, root, mountPoint, options] = before!.split(' ');
    const [type, source, superOptions] = after?.split(' ') ?? [];
    if (device === undefined || mountPoint === undefined || options === undefined || superOptions === undefined) {
      throw new ParseError('a mount: root, mount point, options, " - ", type, source, options', bytes, start);
    }
    mounts.push({
      id: id!,
      parent: parent!,
      device,
      root: unescape(root!),
      mountPoint: unescape(mountPoint),
      options: options.split(','),
      type: type!,
      source: unescape(source!),
      superOptions: superOptions.split(','),
    });
  }
  return mounts;
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
export function unescape(path: string): string {
  return path.replaceAll(/\\([01][0-7][0-7])/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}
