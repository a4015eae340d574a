import { parseTcp, type TcpState } from '../kernel/net-tcp.ts';
import { parseSockstat } from '../kernel/sockstat.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { networksOf } from './networks.ts';

/** The TCP sockets of one network namespace. */
export interface TcpConnections {
  /** In use and in TIME_WAIT. */
  readonly sockets?: number | undefined;
  /** How many are in each state; undefined where there are too many to go through them. */
  readonly states?: ReadonlyMap<TcpState, number> | undefined;
}

/**
 * Going through them costs 2.5 microseconds each, nearly all of it the kernel's, and 10 ms for the walk through its table
 * (of the whole machine, also where it is empty). With these the agent stands still for 35 ms, twice that on a busy machine.
 */
export const MOST_SOCKETS = 10_000;

/** Milliseconds. */
const PERIOD = 60_000;

/** The conventions' order; a state without a socket is a known zero. */
const STATES = [
  'closed',
  'close_wait',
  'closing',
  'established',
  'fin_wait_1',
  'fin_wait_2',
  'last_ack',
  'listen',
  'syn_received',
  'syn_sent',
  'time_wait',
] as const satisfies readonly TcpState[];

function readConnections(host: Host, directory: string): TcpConnections | undefined {
  const v4 = host.readOnce(`${directory}/sockstat`, parseSockstat);
  if (v4?.inUse === undefined || v4.timeWait === undefined) return undefined;
  const hasV6 = host.exists(`${directory}/sockstat6`);
  const v6 = hasV6 ? host.readOnce(`${directory}/sockstat6`, parseSockstat)?.inUse : 0;
  if (v6 === undefined) return undefined;
  const sockets = v4.inUse + v4.timeWait + v6;
  if (sockets > MOST_SOCKETS) return { sockets };
  const ofV4 = host.readOnce(`${directory}/tcp`, parseTcp);
  const ofV6 = host.exists(`${directory}/tcp6`) ? host.readOnce(`${directory}/tcp6`, parseTcp) : [];
  return { sockets, states: ofV4 && ofV6 && countsOf(ofV4, ofV6) };
}

/**
 * No socket is in both lists: tcp6 holds those that speak IPv4 through a socket of IPv6. The lists are not of one moment.
 */
function countsOf(...lists: readonly (readonly TcpState[])[]): ReadonlyMap<TcpState, number> {
  const counts = new Map<TcpState, number>(STATES.map((state) => [state, 0]));
  for (const list of lists) for (const state of list) counts.set(state, counts.get(state)! + 1);
  return counts;
}

/** The same of one network or the other: `whose` names the metrics, `directory` says where they are read. */
function defineConnections(
  name: string,
  whose: 'host' | 'container',
  states: string,
  directory: string,
): Source<TcpConnections> {
  const of = whose === 'host' ? 'of the host' : 'in the own network namespace';
  return defineSource({
    name,
    since: 'unknown',
    period: PERIOD,
    metrics: {
      states: {
        name: states,
        kind: 'updowncounter',
        unit: '{connection}',
        value: 'int',
        description: `TCP sockets ${of} by state, at most every minute; absent with more than ${MOST_SOCKETS} of them.`,
        from: `lines of ${directory}/tcp and tcp6 by their field st; not read where sockstat says that there are too many`,
        attributes: { 'network.connection.state': STATES, 'network.transport': ['tcp'] },
      },
      sockets: {
        name: `jobmeter.${whose}.network.tcp.socket.count`,
        kind: 'updowncounter',
        unit: '{socket}',
        value: 'int',
        description: `TCP sockets ${of}, those in TIME_WAIT included, however many.`,
        from: `${directory}/sockstat and sockstat6: TCP inuse + TCP tw + TCP6 inuse`,
      },
    },
    read(host) {
      const where = networksOf(host)[whose];
      return where === undefined ? undefined : readConnections(host, where);
    },
    observe({ sockets, states: counts }, emit) {
      for (const state of STATES) {
        emit('states', counts?.get(state), { 'network.connection.state': state, 'network.transport': 'tcp' });
      }
      emit('sockets', sockets);
    },
  });
}

export const tcpConnections: Source<TcpConnections> = defineConnections(
  'tcp-connections',
  'host',
  'system.network.connection.count',
  '/proc/1/net',
);
export const containerTcpConnections: Source<TcpConnections> = defineConnections(
  'container-tcp-connections',
  'container',
  'jobmeter.container.network.connection.count',
  '/proc/self/net',
);
