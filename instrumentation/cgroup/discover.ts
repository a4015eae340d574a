import { type Mount, parseMountinfo } from '../kernel/mountinfo.ts';
import { type Membership, parseProcCgroup } from '../kernel/proc-cgroup.ts';
import type { Host } from '../source.ts';

/** A cgroup of the process that asks, in the hierarchy that holds one controller. */
export interface Cgroup {
  readonly version: 1 | 2;
  /** As the kernel names it, from the root that the mount shows. */
  readonly path: string;
  /** The cgroup's directory and those of its visible ancestors, its own first. */
  readonly directories: readonly [string, ...string[]];
  /** The root of the whole hierarchy is the host, not a container. */
  readonly isHostRoot: boolean;
}

type Hierarchy = 'cpu' | 'cpuacct' | 'cpuset' | 'memory' | 'pids' | 'blkio' | 'unified';

/** Where each controller accounts for this process; absent where it is not mounted, or where the process is not below the mount. */
export type OwnCgroups = {
  readonly [C in Hierarchy]?: Cgroup;
} & {
  /** What counts CPU time or memory is mounted, but shows another part of the hierarchy than the one we are in. */
  readonly isHidden: boolean;
};

/**
 * Finds the own cgroup by /proc/self/cgroup and /proc/self/mountinfo, in every layout: v1 with controllers mounted
 * together or apart, v2, both at once (hybrid), in a cgroup namespace or seen from the host, bind mounted by a runtime.
 */
export function discover(host: Host): OwnCgroups | undefined {
  return host.derive('/proc/self/cgroup', 'cgroups', (bytes) => {
    const memberships = parseProcCgroup(bytes);
    const table = host.read('/proc/self/mountinfo', parseMountinfo);
    if (table === undefined) return undefined;
    const mounts = within(host.root, table);
    const of = (controller?: string) => locate(host, memberships, mounts, controller);
    const found = {
      cpu: of('cpu'),
      cpuacct: of('cpuacct'),
      cpuset: of('cpuset'),
      memory: of('memory'),
      pids: of('pids'),
      blkio: of('blkio'),
      unified: of(),
    };
    const counting = [found.cpuacct ?? found.unified, found.memory ?? found.unified];
    return { ...onlyFound(found), isHidden: counting.includes('hidden') };
  });
}

/** The root of a hierarchy is the whole host. What it counts is in the host's own metrics, so here it is nothing. */
export function containerOnly(cgroup: Cgroup | undefined): Cgroup | undefined {
  return cgroup?.isHostRoot === false ? cgroup : undefined;
}

/** A cgroup seen from a file that only those have for which a controller is enabled. */
export interface Accounted {
  readonly path: string;
  /** The directory that has the file and those above it. */
  readonly directories: readonly [string, ...string[]];
}

/**
 * The own cgroup where it has `file`, else the nearest ancestor that has it: where a controller of v2 is not enabled for
 * a cgroup, the kernel charges its processes to that one, and its limit is what holds them.
 */
export function accounted(host: Host, { path, directories }: Cgroup, file: string): Accounted | undefined {
  const above = directories.findIndex((directory) => host.exists(`${directory}/${file}`));
  const [nearest, ...others] = directories.slice(above);
  return above < 0 || nearest === undefined
    ? undefined
    : { path: ancestor(path, above), directories: [nearest, ...others] };
}

/** The path of the cgroup that is so many levels above the one at `path`. */
export function ancestor(path: string, above: number): string {
  const names = path.split('/');
  return names.slice(0, names.length - above).join('/') || '/';
}

function onlyFound(all: Readonly<Record<Hierarchy, Cgroup | 'hidden' | undefined>>): {
  readonly [C in Hierarchy]?: Cgroup;
} {
  return Object.fromEntries(Object.entries(all).filter(([, cgroup]) => cgroup !== undefined && cgroup !== 'hidden'));
}

/** The own cgroup in the hierarchy of one v1 controller, or without one in that of v2. */
function locate(
  host: Host,
  memberships: readonly Membership[],
  mounts: readonly Mount[],
  controller?: string,
): Cgroup | 'hidden' | undefined {
  const membership = memberships.find(({ controllers }) =>
    controller === undefined ? controllers.length === 0 : controllers.includes(controller),
  );
  if (membership === undefined) return undefined;
  const mine = mounts.filter(({ type, superOptions }) =>
    controller === undefined ? type === 'cgroup2' : type === 'cgroup' && superOptions.includes(controller),
  );
  for (const mount of mine) {
    const below = pathBelow(mount.root, membership.path);
    if (below === undefined) continue;
    const directories = upwards(mount.mountPoint, below);
    if (!host.exists(directories[0])) continue;
    const version = controller === undefined ? 2 : 1;
    return { version, path: membership.path, directories, isHostRoot: isHostRoot(host, version, directories) };
  }
  return mine.length > 0 ? 'hidden' : undefined;
}

/** `path` relative to the directory that a mount shows; undefined where it lies outside, as with "/.." in a namespace. */
function pathBelow(root: string, path: string): string | undefined {
  if (path.split('/').includes('..')) return undefined;
  if (root === '/') return path === '/' ? '' : path;
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/**
 * The mounts that are visible below `root`, as seen from there. For a host that is mounted at `root` the mount table is
 * our own: it names the host's mounts from our root, and those outside are other ones. The table of a captured tree is
 * that of the host itself.
 */
function within(root: string, mounts: readonly Mount[]): readonly Mount[] {
  const below = mounts.filter(({ mountPoint }) => mountPoint.startsWith(`${root}/`));
  if (root === '/' || below.length === 0) return mounts;
  return below.map((mount) => ({ ...mount, mountPoint: mount.mountPoint.slice(root.length) }));
}

function upwards(mountPoint: string, below: string): [string, ...string[]] {
  const directories: [string, ...string[]] = [mountPoint + below];
  for (let path = below; path !== '';) {
    path = path.slice(0, path.lastIndexOf('/'));
    directories.push(mountPoint + path);
  }
  return directories;
}

/** Only the root of a v1 hierarchy has `release_agent`, and every cgroup of v2 but the root has `cgroup.type`. */
function isHostRoot(host: Host, version: 1 | 2, [own, ...ancestors]: readonly [string, ...string[]]): boolean {
  if (ancestors.length > 0) return false;
  return version === 1 ? host.exists(`${own}/release_agent`) : !host.exists(`${own}/cgroup.type`);
}
