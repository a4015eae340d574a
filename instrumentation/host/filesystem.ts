import { parseMountinfo } from '../kernel/mountinfo.ts';
import { defineSource, type FileSystemSizes, type Host, type Source } from '../source.ts';
import { mountedBelow, type Mounted } from './mounted.ts';

export interface FileSystem extends Mounted {
  readonly sizes: FileSystemSizes;
}

/** Bytes by what they are for; they add up to all of them. What cannot be is absent. */
interface Space {
  readonly used?: number;
  readonly free?: number;
  readonly reserved?: number;
}

const STATES = ['used', 'free', 'reserved'] as const;
const INODE_STATES = ['used', 'free'] as const;

const attributes = {
  'system.device': 'string',
  'system.filesystem.mountpoint': 'string',
  'system.filesystem.type': 'string',
  'system.filesystem.mode': ['rw', 'ro'],
} as const;

export const filesystem: Source<readonly FileSystem[]> = defineSource({
  name: 'filesystem',
  since: 'unknown',
  period: 10_000,
  metrics: {
    usage: {
      name: 'system.filesystem.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Space by what it is for; the states add up to all of it. What is reserved is free for root alone.',
      from: 'statfs(2): used = f_blocks - f_bfree, free = f_bavail, reserved = f_bfree - f_bavail; mounts: /proc/self/mountinfo',
      attributes: { ...attributes, 'system.filesystem.state': STATES },
    },
    limit: {
      name: 'system.filesystem.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Space of the file system.',
      from: 'statfs(2): f_blocks; mounts: /proc/self/mountinfo',
      attributes,
      isOptIn: true,
    },
    inodes: {
      name: 'system.filesystem.inodes.usage',
      kind: 'updowncounter',
      unit: '{inode}',
      value: 'int',
      description: 'Inodes, one for each file or directory. Absent where the file system makes as many as are needed.',
      from: 'statfs(2): used = f_files - f_ffree, free = f_ffree; mounts: /proc/self/mountinfo',
      attributes: { ...attributes, 'system.filesystem.state': INODE_STATES },
    },
  },
  read(host) {
    for (let attempt = 0; attempt < 2; attempt++) {
      const mounted = readMounted(host);
      if (mounted === undefined || mounted.length === 0) return undefined;
      const found = readSizes(host, mounted);
      // Where a mount goes away, its path leads to the file system beneath, whose sizes are others.
      if (readMounted(host) === mounted) return found;
    }
    return undefined;
  },
  observe(found, emit) {
    for (const { mountPoint, device, type, mode, sizes } of found) {
      const place = {
        'system.device': device,
        'system.filesystem.mountpoint': mountPoint,
        'system.filesystem.type': type,
        'system.filesystem.mode': mode,
      } as const;
      const space = spaceOf(sizes);
      for (const state of STATES) emit('usage', space[state], { ...place, 'system.filesystem.state': state });
      emit('limit', sizes.total, place);
      const inodes = inodesOf(sizes);
      for (const state of INODE_STATES) emit('inodes', inodes[state], { ...place, 'system.filesystem.state': state });
    }
  },
});

/** The same object as long as the table is the same. */
function readMounted(host: Host): readonly Mounted[] | undefined {
  // Below a directory that others may not look into, root alone has something to see.
  const isOpen = (path: string) =>
    host.isReadable(path) || host.isReadable(path.slice(0, path.lastIndexOf('/')) || '/');
  return host.derive('/proc/self/mountinfo', 'file systems', (bytes) =>
    mountedBelow(host.root, parseMountinfo(bytes), (path) => host.exists(`${path}/.`) && isOpen(path)),
  );
}

function readSizes(host: Host, mounted: readonly Mounted[]): readonly FileSystem[] {
  const elsewhere = host.statfsElsewhere(
    mounted.filter(({ isLocal }) => !isLocal).map(({ mountPoint, identity }) => ({ path: mountPoint, identity })),
  );
  return mounted.flatMap((place) => {
    const sizes = place.isLocal ? host.statfs(place.mountPoint) : elsewhere.get(place.mountPoint);
    // Size 0 says that there is no such thing as a size.
    return sizes === undefined || sizes.total === 0 ? [] : [{ ...place, sizes }];
  });
}

/** {@link FileSystem} in the terms of the conventions. */
export function spaceOf({ total, free, available }: FileSystemSizes): Space {
  if (free > total) return {};
  // Less than nothing, as some servers say where root took what is reserved, is a very large number here.
  const usable = available > total ? 0 : Math.min(available, free);
  return { used: total - free, free: usable, reserved: free - usable };
}

function inodesOf({ files, freeFiles }: FileSystemSizes): { readonly used?: number; readonly free?: number } {
  return files === undefined || freeFiles === undefined || freeFiles > files
    ? {}
    : { used: files - freeFiles, free: freeFiles };
}
