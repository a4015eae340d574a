import { emitPressures, pressureMetrics, type Pressures, readPressures } from '../pressure.ts';
import { defineSource, type Source } from '../source.ts';
import { containerOnly, discover } from './discover.ts';

export interface ContainerPressures {
  readonly path: string;
  readonly pressures: Pressures;
}

/** The kernel measures it for each cgroup of v2, also where no controller is enabled, and beside v1. */
export const containerPressure: Source<ContainerPressures> = defineSource({
  name: 'container-pressure',
  since: 'unknown',
  metrics: pressureMetrics(
    (resource, part) => `jobmeter.container.${resource}.pressure.${part}`,
    (resource) => `${resource}.pressure of the own cgroup of v2`,
    'tasks of the own cgroup',
  ),
  read(host) {
    const own = containerOnly(discover(host)?.unified);
    if (own === undefined) return undefined;
    const { path, directories } = own;
    const pressures = readPressures(host, (resource) => `${directories[0]}/${resource}.pressure`);
    return pressures && { path, pressures };
  },
  identity: ({ path }) => path,
  observe({ pressures }, emit) {
    emitPressures(pressures, emit);
  },
});
