import type { Host } from '../source.ts';
import { showsHost } from './initial-namespace.ts';

/** Directories as /proc/net, each for one network namespace. */
export interface Networks {
  /** Of the host. */
  readonly host?: string;
  /** Of the own namespace, where that is not the host's. */
  readonly container?: string;
}

const OWN = '/proc/self/net';

/**
 * Whose network can be seen here. The first process of the host is in the host's network, and everybody may read what
 * that counts. Without it (the /proc of a container) the own network is the host's only where something proves it:
 * Kubernetes' hostNetwork, `docker run --network host`. Otherwise it is a container's, as for cAdvisor.
 */
export function networksOf(host: Host): Networks {
  const own = isOwnInitial(host) ? {} : { container: OWN };
  if (showsHost(host)) return { host: '/proc/1/net', ...own };
  return own.container === undefined ? { host: OWN } : own;
}

/**
 * Some settings are of the whole machine, and the kernel shows them to those alone that are in the network namespace that
 * it started with (net/core/sysctl_net_core.c). That needs no permission and holds for every kernel; the number of a
 * namespace (/proc/self/ns/net) is a fixed one for the first only since Linux 6.18.
 */
function isOwnInitial(host: Host): boolean {
  return host.isReadable('/proc/sys/net/core/dev_weight');
}
