import type { Mount } from './mountinfo.ts';

export interface VisibleMount {
  readonly mount: Mount;
  /** Whether it and all mounts that its path leads through are of the kind that was asked for. */
  readonly isOnly: boolean;
}

/**
 * Those mounts of a table whose path leads to them: neither below a directory that another mount covers, nor themselves
 * covered. At the path of a covered one there is something else.
 */
export function visibleMounts(mounts: readonly Mount[], is: (mount: Mount) => boolean): readonly VisibleMount[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  /** By the mount on which they stand. */
  const placesOn = new Map<string, Set<string>>();
  for (const { id, parent, mountPoint } of mounts) {
    // The first mount of a machine stands on itself.
    if (parent === id) continue;
    const places = placesOn.get(parent);
    if (places === undefined) placesOn.set(parent, new Set([mountPoint]));
    else places.add(mountPoint);
  }
  /** Of each mount that a path leads to, covered or not: whether all on the way are of the kind. */
  const reached = new Map<string, boolean | undefined>();

  function reach(mount: Mount): boolean | undefined {
    if (reached.has(mount.id)) return reached.get(mount.id);
    // What would be above itself is reached by no path.
    reached.set(mount.id, undefined);
    const above = mount.parent === mount.id ? undefined : byId.get(mount.parent);
    const before = above === undefined ? true : reach(above);
    const isReached = before !== undefined && !isBelowOne(placesOn.get(mount.parent) ?? new Set(), mount.mountPoint);
    const isOnly = isReached ? before && is(mount) : undefined;
    reached.set(mount.id, isOnly);
    return isOnly;
  }

  return mounts.flatMap((mount) => {
    const isOnly = reach(mount);
    const isCovered = placesOn.get(mount.id)?.has(mount.mountPoint) === true;
    return isOnly === undefined || isCovered ? [] : [{ mount, isOnly }];
  });
}

/** Whether one of these directories lies above `path`. */
function isBelowOne(places: ReadonlySet<string>, path: string): boolean {
  for (let at = path; at !== '/' && at !== '';) {
    at = at.slice(0, at.lastIndexOf('/')) || '/';
    if (places.has(at)) return true;
  }
  return false;
}

/**
 * The path of a mount as seen from `root`, where a host is mounted; undefined where it lies outside. A captured tree has
 * nothing mounted below its root.
 */
export function pathFrom(root: string, mountPoint: string): string | undefined {
  if (root === '/') return mountPoint;
  if (mountPoint === root) return '/';
  return mountPoint.startsWith(`${root}/`) ? mountPoint.slice(root.length) : undefined;
}
