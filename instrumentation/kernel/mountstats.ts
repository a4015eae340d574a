import { type Bytes, decimal, lineEnd, ParseError } from './bytes.ts';
import { unescape } from './mountinfo.ts';

/** Bytes that one NFS mount exchanged with its server, whatever programs read from the cache. */
export interface NfsMount {
  readonly mountPoint: string;
  readonly read: number;
  readonly written: number;
}

/**
 * The NFS mounts of /proc/PID/mountstats (fs/nfs/super.c, nfs_show_stats). The same file system mounted at a second place
 * shows the same counters there: only the first place is taken. Nothing else names the file system, but two that
 * agree in age, options and some thirty counters are one. Of several at one mount point it is the last, which lies above
 * the others.
 */
export function parseMountstats(bytes: Bytes): readonly NfsMount[] {
  const last = new Map<string, Mounted>();
  let open: { readonly mountPoint: string; readonly device: string; readonly from: number } | undefined;
  let end: number;
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = lineEnd(bytes, start);
    const line = new TextDecoder().decode(bytes.subarray(start, end));
    if (!line.startsWith('\t')) {
      const device = parseDevice(line);
      open = device && { ...device, from: end };
    } else if (open !== undefined && line.startsWith('\tbytes:')) {
      const { mountPoint, device, from } = open;
      const counted = parseBytes(line, bytes, start);
      const fileSystem = device + new TextDecoder('latin1').decode(bytes.subarray(from, end));
      last.set(mountPoint, { mount: { mountPoint, ...counted }, fileSystem });
      open = undefined;
    }
  }
  return firstPlaces([...last.values()]);
}

interface Mounted {
  readonly mount: NfsMount;
  /** All that is said of the file system, the same at each of its places. */
  readonly fileSystem: string;
}

function firstPlaces(mounted: readonly Mounted[]): readonly NfsMount[] {
  const first = new Map<string, NfsMount>();
  for (const { mount, fileSystem } of mounted) if (!first.has(fileSystem)) first.set(fileSystem, mount);
  return [...first.values()];
}

/** "device server:/export mounted on /mnt with fstype nfs4 statvers=1.1"; spaces in names are escaped. */
function parseDevice(line: string): { readonly mountPoint: string; readonly device: string } | undefined {
  const [word, device, , , mountPoint, , , type] = line.split(' ');
  if (word !== 'device' || mountPoint === undefined || (type !== 'nfs' && type !== 'nfs4')) return undefined;
  return { mountPoint: unescape(mountPoint), device: device! };
}

/** Read and written by programs, with O_DIRECT, and then what was read from and written to the server. */
function parseBytes(line: string, bytes: Bytes, start: number): Pick<NfsMount, 'read' | 'written'> {
  const [, , , , , read, written] = line.trim().split(/\s+/);
  if (read === undefined || written === undefined) throw new ParseError('six numbers of bytes', bytes, start);
  const [r, w] = [new TextEncoder().encode(read), new TextEncoder().encode(written)];
  return { read: decimal(r, 0, r.length), written: decimal(w, 0, w.length) };
}
