import type { Mount } from '../kernel/mountinfo.ts';
import type { Membership } from '../kernel/proc-cgroup.ts';

interface Identity {
  readonly id: string;
  readonly runtime?: string;
}

/**
 * OpenTelemetry's container.id and container.runtime.name of the innermost container that this process is in. Neither
 * file says whose the ids in it are: only layouts are taken that a runtime makes for the container itself, the rest is
 * unknown.
 *
 * One thing cannot be told from inside: a container of Docker or nerdctl in a private cgroup namespace that joined the
 * network of another ("--network container:", tasks of ECS in awsvpc mode) has the other's files, so the other's id.
 */
export function containerId(memberships: readonly Membership[], mounts: readonly Mount[]): Identity | undefined {
  const byStorage = fromContainersStorage(mounts);
  if (byStorage) return byStorage;
  const [own, ...others] = innermost(memberships);
  if (others.length > 0) return undefined;
  return own ?? fromNetworkFiles(mounts);
}

/**
 * How the path of a container's own cgroup ends. A layout without an id is a container too, of a kind that has none:
 * what is in it is not in the container around it.
 */
const CGROUPS: readonly Layout[] = [
  // The systemd driver asks for "slice:prefix:id" and gets a scope. Conmon's scopes have "-conmon" before the id.
  layout(/docker-<id>\.scope/, 'docker'),
  layout(/(?:cri-containerd|nerdctl)-<id>\.scope/, 'containerd'),
  layout(/crio-<id>\.scope/, 'cri-o'),
  layout(/libpod-<id>\.scope/, 'podman'),
  // The same request given to a runc that does not use systemd: it becomes the directory's name as it is.
  layout(/[^/:]+:cri-containerd:<id>/, 'containerd'),
  // The cgroupfs driver. In a slice, not in a pod's directory, "crio-<id>" is a sandbox without a process.
  layout(/docker\/<id>/, 'docker'),
  layout(/libpod-<id>/, 'podman'),
  layout(/<pod>\/crio-<id>/, 'cri-o'),
  // Docker and containerd name it alike.
  layout(/<pod>\/<id>/),
  // containerd without CRI: its namespace, "default" when nobody chose another.
  layout(/default\/<id>/, 'containerd'),
  // Podman's --cgroups=split, as in Quadlet's services.
  layout(/libpod-payload-<id>/, 'podman'),
  // ECS on EC2, some versions with the cluster's name; Fargate 1.4, whose number has up to ten digits.
  layout(/ecs\/(?:[^/]+\/)?[0-9a-f-]{32,36}\/<id>/),
  layout(/ecs\/(?:[0-9a-f]{32}\/)?([0-9a-f]{32}-\d{1,10})/),
  // LXC and Incus; systemd-nspawn; a step of a BuildKit build, and one of a BuildKit that uses systemd.
  layout(/lxc\/[^/]+|lxc\.payload(?:\.[^/]+|\/[^/]+)/),
  layout(/systemd-nspawn@[^/]+\.service|machine-[^/]+\.scope/),
  layout(/buildkit\/[^/]+|[^/:]+:docker:[^/]+/),
];

interface Layout {
  readonly pattern: RegExp;
  readonly runtime: string | undefined;
}

function layout(end: RegExp, runtime?: string): Layout {
  const source = end.source.replace('<id>', '([0-9a-f]{64})').replace('<pod>', 'pod[0-9a-f-]{32,36}');
  return { pattern: new RegExp(`/(?:${source})$`), runtime };
}

/** The innermost containers that the hierarchies tell of: more than one where they contradict each other. */
function innermost(memberships: readonly Membership[]): readonly (Identity | undefined)[] {
  const chains = memberships.map(({ path }) => containersAlong(path)).filter(({ length }) => length > 0);
  // In a hybrid layout the inner runtime may leave one hierarchy alone: there the path ends in the outer container.
  const outer = new Set(chains.flatMap((chain) => chain.slice(0, -1).map((container) => container?.id)));
  const last = chains.map((chain) => chain.at(-1)).filter((container) => !outer.has(container?.id));
  return [...new Map(last.map((container) => [container?.id, container])).values()];
}

/** The containers on the way from the root, undefined for one without id. */
function containersAlong(path: string): readonly (Identity | undefined)[] {
  const names = path.split('/');
  // Outside of our cgroup namespace: where somebody moved us to, not the container that we were started in.
  if (names.includes('..')) return [];
  return names.flatMap((_, index) => {
    const directory = names.slice(0, index + 1).join('/');
    return CGROUPS.flatMap(({ pattern, runtime }) => {
      const match = pattern.exec(directory);
      return match ? [identity(match[1], runtime)] : [];
    });
  });
}

/**
 * Podman and CRI-O keep a directory for each container and one for each pod, both of this form, and bind mount files of
 * both. Podman takes hostname and .containerenv from the container's, hosts and resolv.conf from that of the container
 * whose network it has. CRI-O takes hostname and .containerenv from the pod's, hosts from the kubelet, secrets from the
 * container's.
 */
const CONTAINERS_STORAGE = layout(
  /[a-z]+-containers\/<id>\/userdata\/(?:\.containerenv|hostname|hosts|resolv\.conf|run\/secrets)/,
).pattern;

function fromContainersStorage(mounts: readonly Mount[]): Identity | undefined {
  const [containerenv, hostname, secrets, hosts, resolvConf] = [
    '/run/.containerenv',
    '/etc/hostname',
    '/run/secrets',
    '/etc/hosts',
    '/etc/resolv.conf',
  ].map((mountPoint) => idAt(mounts, mountPoint, CONTAINERS_STORAGE));
  if (hostname === undefined) return undefined;
  if (secrets !== undefined && secrets !== hostname) {
    return containerenv === undefined || containerenv === hostname ? identity(secrets, 'cri-o') : undefined;
  }
  const isPodman = secrets !== undefined || (hosts !== undefined && hosts === resolvConf);
  return isPodman && containerenv === hostname ? identity(hostname, 'podman') : undefined;
}

const NETWORK_FILES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'] as const;

/** containerd's CRI has these files too, but in directories of its sandboxes. */
const NETWORK_FILE_LAYOUTS: readonly Layout[] = [
  layout(/containers\/<id>\/(?:hosts|hostname|resolv\.conf)/, 'docker'),
  // nerdctl, below the name of containerd's namespace.
  layout(/(?:containers|etchosts)\/[^/]+\/<id>\/(?:hosts|hostname|resolv\.conf)/, 'containerd'),
];

/**
 * All three files or none: in a Kubernetes pod Docker mounts hostname and resolv.conf of the sandbox, and the kubelet
 * mounts a hosts file of its own; in a nested container some may be passed on from the outer one.
 */
function fromNetworkFiles(mounts: readonly Mount[]): Identity | undefined {
  for (const { pattern, runtime } of NETWORK_FILE_LAYOUTS) {
    const [id, ...others] = new Set(NETWORK_FILES.map((mountPoint) => idAt(mounts, mountPoint, pattern)));
    if (id !== undefined && others.length === 0) return identity(id, runtime);
  }
  return undefined;
}

/** Of mounts on top of each other the last one is seen. */
function idAt(mounts: readonly Mount[], mountPoint: string, pattern: RegExp): string | undefined {
  return pattern.exec(mounts.findLast((mount) => mount.mountPoint === mountPoint)?.root ?? '')?.[1];
}

function identity(id: string | undefined, runtime: string | undefined): Identity | undefined {
  if (id === undefined) return undefined;
  return runtime === undefined ? { id } : { id, runtime };
}
