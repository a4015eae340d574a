import type { Mount } from './mountinfo.ts';

export interface VisibleMount<Way> {
  readonly mount: Mount;
  /** What its path leads through, itself included. */
  readonly way: Way;
}

/**
 * Those mounts of a table whose path leads to them: neither below a directory that another mount covers, nor themselves
 * covered. At the path of a covered one there is something else. `wayThrough` tells the way to a mount, given the way to
 * the one on which it stands; undefined where that one is not in the table.
 */
export function visibleMounts<Way extends string>(
  mounts: readonly Mount[],
  wayThrough: (mount: Mount, above: Way | undefined) => Way,
): readonly VisibleMount<Way>[] {
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
  /** The way to each mount that a path leads to, covered or not. */
  const reached = new Map<string, Way | undefined>();

  function reach(mount: Mount): Way | undefined {
    if (reached.has(mount.id)) return reached.get(mount.id);
    // What would be above itself is reached by no path.
    reached.set(mount.id, undefined);
    const above = mount.parent === mount.id ? undefined : byId.get(mount.parent);
    const before = above && reach(above);
    const isReached =
      (above === undefined || before !== undefined) &&
      !isBelowOne(placesOn.get(mount.parent) ?? new Set(), mount.mountPoint);
    const way = isReached ? wayThrough(mount, before) : undefined;
    reached.set(mount.id, way);
    return way;
  }

  return mounts.flatMap((mount) => {
    const way = reach(mount);
    const isCovered = placesOn.get(mount.id)?.has(mount.mountPoint) === true;
    return way === undefined || isCovered ? [] : [{ mount, way }];
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
