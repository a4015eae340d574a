import { defineNetwork } from './network.ts';
import type { Interface } from '../kernel/net-dev.ts';
import type { Source } from '../source.ts';

/** The interfaces of the own network namespace, where it is not the host's: all containers of a pod or task share it. */
export const containerNetwork: Source<readonly Interface[]> = defineNetwork('container-network', 'container', {
  io: 'container.network.io',
  packets: 'jobmeter.container.network.packets',
  errors: 'jobmeter.container.network.errors',
  dropped: 'jobmeter.container.network.dropped',
});
