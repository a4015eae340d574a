import { type Interface, parseNetDev } from '../kernel/net-dev.ts';
import { defineSource, type Source } from '../source.ts';
import { type Networks, networksOf } from './networks.ts';

export const DIRECTIONS = ['receive', 'transmit'] as const;

const attributes = { 'network.interface.name': 'string', 'network.io.direction': DIRECTIONS } as const;

/** The conventions name the interface otherwise for system.network.packet.count. */
const packetAttributes = { 'system.device': 'string', 'network.io.direction': DIRECTIONS } as const;

/** The same counters of one network or the other, under these names. An interface that was removed is not there the next time. */
export function defineNetwork(
  name: string,
  whose: keyof Networks,
  names: Readonly<Record<'io' | 'packets' | 'errors' | 'dropped', string>>,
): Source<readonly Interface[]> {
  const isHost = whose === 'host';
  const of = isHost ? 'of the host' : 'of the own network namespace';
  const file = isHost
    ? '/proc/1/net/dev (/proc/self/net/dev with the network of the host alone)'
    : '/proc/self/net/dev';
  return defineSource({
    name,
    since: 'unknown',
    metrics: {
      io: {
        name: names.io,
        kind: 'counter',
        unit: 'By',
        value: 'int',
        description: `Bytes that went through each interface ${of}${isHost ? '' : '; absent where that is the host’s'}.`,
        from: `${file}, bytes`,
        attributes,
      },
      packets: {
        name: names.packets,
        kind: 'counter',
        unit: '{packet}',
        value: 'int',
        description: `Packets that went through each interface ${of}.`,
        from: 'the same, packets',
        attributes: isHost ? packetAttributes : attributes,
      },
      errors: {
        name: names.errors,
        kind: 'counter',
        unit: '{error}',
        value: 'int',
        description: `Packets that an interface ${of} could not receive or send.`,
        from: 'the same, errs',
        attributes,
      },
      dropped: {
        name: names.dropped,
        kind: 'counter',
        unit: '{packet}',
        value: 'int',
        description: `Packets that an interface ${of} threw away although nothing was wrong with them.`,
        from: 'the same, drop; of received ones also those for which the device had no room',
        attributes,
      },
    },
    read(host) {
      const where: Networks = networksOf(host);
      return where[whose] === undefined ? undefined : host.read(`${where[whose]}/dev`, parseNetDev);
    },
    observe(interfaces, emit) {
      for (const { name: device, ...traffic } of interfaces) {
        for (const direction of DIRECTIONS) {
          const { bytes, packets, errors, dropped } = traffic[direction];
          const its = { 'network.interface.name': device, 'network.io.direction': direction };
          emit('io', bytes, its);
          emit('packets', packets, isHost ? { 'system.device': device, 'network.io.direction': direction } : its);
          emit('errors', errors, its);
          emit('dropped', dropped, its);
        }
      }
    },
  });
}

/** The interfaces of the host. */
export const network: Source<readonly Interface[]> = defineNetwork('network', 'host', {
  io: 'system.network.io',
  packets: 'system.network.packet.count',
  errors: 'system.network.errors',
  dropped: 'system.network.packet.dropped',
});
