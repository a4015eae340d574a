import { type Mount, parseMountinfo } from '../kernel/mountinfo.ts';
import { defineSource, type FileSystemSizes, type Source } from '../source.ts';

export interface ContainerFilesystems {
  readonly root?: FileSystemSizes | undefined;
  readonly shm?: FileSystemSizes | undefined;
}

/**
 * Where a container writes: the disk below its top layer, and /dev/shm. A root of layers is what tells of a container.
 * What it has written itself into its layer the kernel does not tell.
 */
export const containerFilesystem: Source<ContainerFilesystems> = defineSource({
  name: 'container-filesystem',
  since: 'unknown',
  metrics: {
    capacity: {
      name: 'container.filesystem.capacity',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Size of the file system that holds the container’s writable layer, others’ files included.',
      from: 'statfs("/") where it is an overlay: blocks',
    },
    available: {
      name: 'container.filesystem.available',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'What is free on the file system that holds the container’s writable layer.',
      from: 'statfs("/") where it is an overlay: blocks available',
    },
    shmUsage: {
      name: 'jobmeter.container.shm.usage',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'Shared memory files in the container’s /dev/shm.',
      from: 'statfs("/dev/shm") where it is a tmpfs: blocks less free blocks',
    },
    shmLimit: {
      name: 'jobmeter.container.shm.limit',
      kind: 'updowncounter',
      unit: 'By',
      value: 'int',
      description: 'How much the container’s /dev/shm can hold.',
      from: 'statfs("/dev/shm") where it is a tmpfs: blocks',
    },
  },
  read(host) {
    // What is mounted at the root path has another size than the directories below it in our own mounts.
    if (host.root !== '/') return undefined;
    const places = host.derive('/proc/self/mountinfo', 'container', (bytes) => placesOf(parseMountinfo(bytes)));
    if (places?.hasLayers !== true) return undefined;
    const shm = places.hasShm ? host.statfs('/dev/shm') : undefined;
    return {
      root: host.statfs('/'),
      // A tmpfs without a limit has no size.
      shm: shm !== undefined && shm.total > 0 ? shm : undefined,
    };
  },
  observe({ root, shm }, emit) {
    emit('capacity', root?.total);
    emit('available', root?.available);
    emit('shmUsage', shm && shm.total - shm.free);
    emit('shmLimit', shm?.total);
  },
});

/** A layer without an upper directory cannot be written to, and may lie on a server that is silent. */
function placesOf(mounts: readonly Mount[]): { readonly hasLayers: boolean; readonly hasShm: boolean } {
  const at = (place: string) => mounts.findLast(({ mountPoint }) => mountPoint === place);
  const root = at('/');
  return {
    hasLayers: root?.type === 'overlay' && root.superOptions.some((option) => option.startsWith('upperdir=')),
    hasShm: at('/dev/shm')?.type === 'tmpfs',
  };
}
