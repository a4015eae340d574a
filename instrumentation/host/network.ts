import { type Interface, parseNetDev } from '../kernel/net-dev.ts';
import { defineSource, type Source } from '../source.ts';
import { networksOf } from './networks.ts';

export const DIRECTIONS = ['receive', 'transmit'] as const;

const attributes = { 'network.interface.name': 'string', 'network.io.direction': DIRECTIONS } as const;

/** The interfaces of the host. One that was removed is not there the next time. */
export const network: Source<readonly Interface[]> = defineSource({
  name: 'network',
  since: 'unknown',
  metrics: {
    io: {
      name: 'system.network.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description: 'Bytes that went through each network interface of the host.',
      from: '/proc/1/net/dev (/proc/self/net/dev with the network of the host alone), bytes',
      attributes,
    },
    packets: {
      name: 'system.network.packet.count',
      kind: 'counter',
      unit: '{packet}',
      value: 'int',
      description: 'Packets that went through each network interface of the host.',
      from: 'the same, packets',
      attributes: { 'system.device': 'string', 'network.io.direction': DIRECTIONS },
    },
    errors: {
      name: 'system.network.errors',
      kind: 'counter',
      unit: '{error}',
      value: 'int',
      description: 'Packets that a network interface of the host could not receive or send.',
      from: 'the same, errs',
      attributes,
    },
    dropped: {
      name: 'system.network.packet.dropped',
      kind: 'counter',
      unit: '{packet}',
      value: 'int',
      description: 'Packets that were thrown away although nothing was wrong with them.',
      from: 'the same, drop; of received ones also those for which the device had no room',
      attributes,
    },
  },
  read(host) {
    const { host: directory } = networksOf(host);
    return directory === undefined ? undefined : host.read(`${directory}/dev`, parseNetDev);
  },
  observe(interfaces, emit) {
    for (const { name, ...traffic } of interfaces) {
      for (const direction of DIRECTIONS) {
        const { bytes, packets, errors, dropped } = traffic[direction];
        const of = { 'network.interface.name': name, 'network.io.direction': direction };
        emit('io', bytes, of);
        emit('packets', packets, { 'system.device': name, 'network.io.direction': direction });
        emit('errors', errors, of);
        emit('dropped', dropped, of);
      }
    }
  },
});
