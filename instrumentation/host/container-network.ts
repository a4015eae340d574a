import { DIRECTIONS } from './network.ts';
import { networksOf } from './networks.ts';
import { type Interface, parseNetDev } from '../kernel/net-dev.ts';
import { defineSource, type Source } from '../source.ts';

const attributes = { 'network.interface.name': 'string', 'network.io.direction': DIRECTIONS } as const;

/** The interfaces of the own network namespace, where it is not the host's: all containers of a pod or task share it. */
export const containerNetwork: Source<readonly Interface[]> = defineSource({
  name: 'container-network',
  since: 'unknown',
  metrics: {
    io: {
      name: 'container.network.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description:
        'Bytes that went through each interface of the own network namespace; absent where that is the host.',
      from: '/proc/self/net/dev, bytes',
      attributes,
    },
    packets: {
      name: 'jobmeter.container.network.packets',
      kind: 'counter',
      unit: '{packet}',
      value: 'int',
      description: 'Packets that went through each interface of the own network namespace.',
      from: '/proc/self/net/dev, packets',
      attributes,
    },
    errors: {
      name: 'jobmeter.container.network.errors',
      kind: 'counter',
      unit: '{error}',
      value: 'int',
      description: 'Packets that an interface of the own network namespace could not receive or send.',
      from: '/proc/self/net/dev, errs',
      attributes,
    },
    dropped: {
      name: 'jobmeter.container.network.dropped',
      kind: 'counter',
      unit: '{packet}',
      value: 'int',
      description: 'Packets that an interface of the own network namespace threw away.',
      from: '/proc/self/net/dev, drop',
      attributes,
    },
  },
  read(host) {
    const { container: directory } = networksOf(host);
    return directory === undefined ? undefined : host.read(`${directory}/dev`, parseNetDev);
  },
  observe(interfaces, emit) {
    for (const { name, ...traffic } of interfaces) {
      for (const direction of DIRECTIONS) {
        const { bytes, packets, errors, dropped } = traffic[direction];
        const of = { 'network.interface.name': name, 'network.io.direction': direction };
        emit('io', bytes, of);
        emit('packets', packets, of);
        emit('errors', errors, of);
        emit('dropped', dropped, of);
      }
    }
  },
});
