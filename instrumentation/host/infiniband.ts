import { parseIsActive, parsePortCounter, parseRate } from '../kernel/infiniband.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { DIRECTIONS } from './network.ts';

type Direction = (typeof DIRECTIONS)[number];

/** One port of an adapter for remote memory: InfiniBand, RoCE, Omni-Path, EFA. What it does not count is absent. */
interface Port {
  /** "mlx5_0/1" */
  readonly id: string;
  readonly device: string;
  readonly isActive?: boolean | undefined;
  /** Bytes a second. */
  readonly rate?: number | undefined;
  readonly bytes: Readonly<Partial<Record<Direction, number | undefined>>>;
  readonly packets: Readonly<Partial<Record<Direction, number | undefined>>>;
  readonly errors: ReadonlyMap<string, number | undefined>;
}

const CLASS = '/sys/class/infiniband';

/** Where these counters stop: they do not go on from zero as others do, so at the end they say "at least". */
const ERRORS: Readonly<Record<string, number>> = {
  symbol_error: 2 ** 16 - 1,
  link_error_recovery: 2 ** 8 - 1,
  link_downed: 2 ** 8 - 1,
  port_rcv_errors: 2 ** 16 - 1,
  port_rcv_remote_physical_errors: 2 ** 16 - 1,
  port_xmit_discards: 2 ** 16 - 1,
  local_link_integrity_errors: 2 ** 4 - 1,
  excessive_buffer_overrun_errors: 2 ** 4 - 1,
};

/** Of 64 bits; which of them there are depends on the driver. */
const HW_ERRORS = ['local_ack_timeout_err', 'out_of_sequence', 'packet_seq_err', 'rx_drops'] as const;

const NARROW_END = 2 ** 32 - 1;

const attributes = { 'hw.id': 'string', 'hw.name': 'string' } as const;

/** Reading a counter can ask the device's firmware: so it is read when it is wanted, and not every file. */
export const infiniband: Source<readonly Port[]> = defineSource({
  name: 'infiniband',
  since: 'unknown',
  metrics: {
    io: {
      name: 'hw.network.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description: 'Bytes that went through each port of an RDMA adapter (InfiniBand, RoCE, EFA).',
      from: `${CLASS}/*/ports/*/counters: 4 * port_rcv_data, 4 * port_xmit_data; else hw_counters: rx_bytes, tx_bytes`,
      attributes: { ...attributes, 'network.io.direction': DIRECTIONS },
    },
    packets: {
      name: 'hw.network.packets',
      kind: 'counter',
      unit: '{packet}',
      value: 'int',
      description: 'Packets that went through each port of an RDMA adapter.',
      from: 'the same: port_rcv_packets, port_xmit_packets; else rx_pkts, tx_pkts',
      attributes: { ...attributes, 'network.io.direction': DIRECTIONS },
    },
    errors: {
      name: 'hw.errors',
      kind: 'counter',
      unit: '{error}',
      value: 'int',
      description:
        'Errors of each port of an RDMA adapter; absent once a counter has reached its end and stands still.',
      from: `counters: ${Object.keys(ERRORS).join(', ')}; hw_counters: ${HW_ERRORS.join(', ')}`,
      attributes: { ...attributes, 'hw.type': ['network'], 'error.type': 'string' },
    },
    up: {
      name: 'hw.network.up',
      kind: 'updowncounter',
      unit: '1',
      value: 'int',
      description: 'Whether a port of an RDMA adapter is up: 1, else 0.',
      from: 'state: "4: ACTIVE"',
      attributes,
    },
    limit: {
      name: 'hw.network.bandwidth.limit',
      kind: 'updowncounter',
      unit: 'By/s',
      value: 'int',
      description: 'What a port of an RDMA adapter can carry in each direction; absent while it is down.',
      from: 'rate, in Gb/sec',
      attributes,
    },
  },
  read(host) {
    const ports = (host.list(CLASS) ?? []).flatMap((device) =>
      (host.list(`${CLASS}/${device}/ports`) ?? []).map((port) => readPort(host, device, port)),
    );
    return ports.length === 0 ? undefined : ports;
  },
  observe(ports, emit) {
    for (const { id, device, isActive, rate, bytes, packets, errors } of ports) {
      const of = { 'hw.id': id, 'hw.name': device };
      for (const direction of DIRECTIONS) {
        emit('io', bytes[direction], { ...of, 'network.io.direction': direction });
        emit('packets', packets[direction], { ...of, 'network.io.direction': direction });
      }
      for (const [type, count] of errors) emit('errors', count, { ...of, 'hw.type': 'network', 'error.type': type });
      emit('up', isActive === undefined ? undefined : Number(isActive), of);
      emit('limit', isActive ? rate : undefined, of);
    }
  },
});

function readPort(host: Host, device: string, port: string): Port {
  const directory = `${CLASS}/${device}/ports/${port}`;
  const counter = counterReader(host, `${directory}/counters`);
  const hwCounter = counterReader(host, `${directory}/hw_counters`);
  return {
    id: `${device}/${port}`,
    device,
    isActive: host.readOnce(`${directory}/state`, parseIsActive),
    rate: host.readOnce(`${directory}/rate`, parseRate),
    bytes: {
      receive: times4(counter('port_rcv_data', NARROW_END)) ?? hwCounter('rx_bytes'),
      transmit: times4(counter('port_xmit_data', NARROW_END)) ?? hwCounter('tx_bytes'),
    },
    packets: {
      receive: counter('port_rcv_packets', NARROW_END) ?? hwCounter('rx_pkts'),
      transmit: counter('port_xmit_packets', NARROW_END) ?? hwCounter('tx_pkts'),
    },
    errors: new Map([
      ...Object.entries(ERRORS).map(([name, end]) => [name, counter(name, end)] as const),
      ...HW_ERRORS.map((name) => [name, hwCounter(name)] as const),
    ]),
  };
}

/** Reads a counter of this directory if there is such a one; undefined also at its `end`, where it stands still. */
function counterReader(host: Host, directory: string): (name: string, end?: number) => number | undefined {
  const names = new Set(host.list(directory));
  return (name, end) => {
    const value = names.has(name) ? host.readOnce(`${directory}/${name}`, parsePortCounter) : undefined;
    return value === end ? undefined : value;
  };
}

/** Data is counted in words of four bytes. */
function times4(words: number | undefined): number | undefined {
  return words === undefined ? undefined : words * 4;
}
