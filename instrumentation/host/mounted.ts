import { pathFrom, visibleMounts } from '../kernel/mount-tree.ts';
import type { Mount } from '../kernel/mountinfo.ts';

/** A file system, as it is mounted in one place. */
export interface Mounted {
  readonly mountPoint: string;
  /** Another one at the same place, also of the same name, has another. */
  readonly identity: string;
  /** What was mounted, without a password. */
  readonly device: string;
  readonly type: string;
  readonly mode: 'rw' | 'ro';
  /** Its sizes are in this machine's memory, and so is the way to it: asking for them cannot hang. */
  readonly isLocal: boolean;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/**
 * Whatever is in neither table may wait for a server, for a program (FUSE), or for a slow device: some (msdos, ntfs, udf)
 * read a whole table from it to count what is free.
 */
const LOCAL = words(`bcachefs btrfs exfat ext2 ext3 ext4 f2fs jffs2 jfs ntfs3 reiserfs rootfs tmpfs ubifs xfs zfs`);

/** So does vfat. Here it is the small partition that the firmware starts from, which nearly every machine has. */
const OF_FIRMWARE: ReadonlySet<string> = new Set(['/boot', '/boot/efi', '/boot/firmware', '/efi']);

/** Nothing can be kept in these: the kernel makes them up as they are read, or they are images, which are always full. */
const ROOMLESS =
  words(`bdev binder binfmt_misc bpf cgroup cgroup2 configfs cpuset cramfs debugfs devpts devtmpfs efivarfs
  erofs functionfs fusectl hugetlbfs iso9660 mqueue nfsd nsfs pipefs proc pstore ramfs resctrl romfs rpc_pipefs
  securityfs selinuxfs smackfs sockfs squashfs sysfs tracefs xenfs`);

/** The same, but programs make them: they hold no data, and the way through one may hang. */
const ROOMLESS_OF_PROGRAMS = words('autofs fuse.gvfsd-fuse fuse.lxcfs fuse.portal fuse.snapfuse fuse.squashfuse');

/**
 * What is mounted here hides a part of the kernel's own from a container, or is the memory of one container or service:
 * there are as many as there are of those, and they come and go with them.
 */
const OF_NOBODY =
  /^\/(?:proc|sys|run\/(?:credentials|containerd|containers|docker)|var\/lib\/(?:containerd|containers|docker|kubelet))\//;

/**
 * The file systems that a person would name, once each, however often they are mounted: where their own root is, else
 * where the path is shortest, as df(1) does. `mounts` is the whole table, of which those below `root` are seen.
 *
 * What is mounted by demand (autofs) is left out: it would never be unmounted while somebody asks for its sizes again
 * and again, and to ask may mount it. So there are no sizes of, for instance, homes on NFS that autofs mounts.
 */
export function mountedBelow(
  root: string,
  mounts: readonly Mount[],
  isDirectory: (path: string) => boolean,
): readonly Mounted[] {
  const wayThrough = (mount: Mount, above: Way | undefined): Way => {
    if (mount.type === 'autofs' || above === 'on demand') return 'on demand';
    return above !== 'elsewhere' && isLocal(mount, pathFrom(root, mount.mountPoint)) ? 'local' : 'elsewhere';
  };
  const places = visibleMounts(mounts, wayThrough).flatMap(({ mount, way }) => {
    const mountPoint = pathFrom(root, mount.mountPoint);
    const isLeftOut = way === 'on demand' || mountPoint === undefined || !hasRoom(mount, mountPoint);
    return isLeftOut ? [] : [{ mount, mountPoint, isLocal: way === 'local' }];
  });
  return [...Map.groupBy(places, ({ mount }) => mount.device).values()].flatMap((same) => {
    // A file on which another one was mounted (/etc/hosts) is no place of a file system.
    const chosen = same.toSorted(byPlace).find((place) => !place.isLocal || isDirectory(place.mountPoint));
    return chosen === undefined ? [] : [describe(chosen, root === '/')];
  });
}

/** What a path leads through: this machine's memory alone, something that may hang, or a mount by demand. */
type Way = 'local' | 'elsewhere' | 'on demand';

interface Place {
  readonly mount: Mount;
  readonly mountPoint: string;
  readonly isLocal: boolean;
}

function byPlace(a: Place, b: Place): number {
  const isWhole = ({ mount }: Place) => Number(mount.root === '/');
  return Number(b.isLocal) - Number(a.isLocal) || isWhole(b) - isWhole(a) || a.mountPoint.length - b.mountPoint.length;
}

/** A host is often mounted "ro" for the one that meters it: that is a property of our mount, not of the host's. */
function describe({ mount, mountPoint, isLocal }: Place, isOurs: boolean): Mounted {
  // A file system that found an error in itself is "ro" for all its mounts.
  const isReadOnly = (isOurs && mount.options.includes('ro')) || mount.superOptions.includes('ro');
  return {
    mountPoint,
    // The kernel gives each of these numbers again when it is free: only together they tell one from another.
    identity: [mount.id, mount.device, mount.type, mount.root, mount.source].join(' '),
    device: withoutPassword(mount.source),
    type: mount.type,
    mode: isReadOnly ? 'ro' : 'rw',
    isLocal,
  };
}

/** The sizes of an overlay are those of the file system that holds its upper directory; without one, of any other. */
function isLocal({ type, superOptions }: Mount, mountPoint: string | undefined): boolean {
  if (type === 'vfat') return OF_FIRMWARE.has(mountPoint ?? '');
  if (type === 'overlay') return superOptions.some((option) => option.startsWith('upperdir='));
  return LOCAL.has(type) || ROOMLESS.has(type);
}

function hasRoom({ type }: Mount, mountPoint: string): boolean {
  // Its room is that of another file system. Only as the root of a container it is the one that there is.
  if (type === 'overlay') return mountPoint === '/';
  if (type === 'tmpfs') return !OF_NOBODY.test(mountPoint);
  return !ROOMLESS.has(type) && !ROOMLESS_OF_PROGRAMS.has(type);
}

/** Some programs (curlftpfs) mount an address with the password in it. */
function withoutPassword(source: string): string {
  return source.replace(/(:\/\/[^/@:]*):[^/@]*@/, '$1@');
}
