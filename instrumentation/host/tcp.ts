import { counters } from '../kernel/snmp.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { DIRECTIONS } from './network.ts';
import { type Networks, networksOf } from './networks.ts';

/** What TCP counted in one network namespace, over IPv4 and IPv6. */
export interface TcpCounters {
  readonly received?: number | undefined;
  readonly sent?: number | undefined;
  readonly retransmitted?: number | undefined;
  readonly listenOverflows?: number | undefined;
}

const parseSnmp = counters('Tcp', ['InSegs', 'OutSegs', 'RetransSegs']);
const parseNetstat = counters('TcpExt', ['ListenOverflows']);

function readTcp(host: Host, directory: string): TcpCounters | undefined {
  const snmp = host.read(`${directory}/snmp`, parseSnmp);
  if (snmp === undefined) return undefined;
  return {
    received: snmp.InSegs,
    sent: snmp.OutSegs,
    retransmitted: snmp.RetransSegs,
    listenOverflows: host.read(`${directory}/netstat`, parseNetstat)?.ListenOverflows,
  };
}

/** The same counters of one network or the other: `whose` names the metrics, `directory` says where they are read. */
function defineTcp(name: string, whose: 'host' | 'container', directory: string): Source<TcpCounters> {
  const prefix = `jobmeter.${whose}.network.tcp` as const;
  const of = whose === 'host' ? 'of the host' : 'in the own network namespace';
  return defineSource({
    name,
    since: 'unknown',
    metrics: {
      segments: {
        name: `${prefix}.segments`,
        kind: 'counter',
        unit: '{segment}',
        value: 'int',
        description: `TCP segments ${of}; sent ones without those that were sent again.`,
        from: `${directory}/snmp, Tcp: receive = InSegs, transmit = OutSegs`,
        attributes: { 'network.io.direction': DIRECTIONS },
      },
      retransmits: {
        name: `${prefix}.retransmits`,
        kind: 'counter',
        unit: '{segment}',
        value: 'int',
        description: `TCP segments ${of} that were sent again, since nobody said that they had come.`,
        from: `${directory}/snmp, Tcp: RetransSegs`,
      },
      listenOverflows: {
        name: `${prefix}.listen_overflows`,
        kind: 'counter',
        unit: '{connection}',
        value: 'int',
        description: `Connections ${of} that were refused or put off because a program did not accept fast enough.`,
        from: `${directory}/netstat, TcpExt: ListenOverflows`,
      },
    },
    read(host) {
      const where: Networks = networksOf(host);
      return where[whose] === undefined ? undefined : readTcp(host, where[whose]);
    },
    observe({ received, sent, retransmitted, listenOverflows }, emit) {
      emit('segments', received, { 'network.io.direction': 'receive' });
      emit('segments', sent, { 'network.io.direction': 'transmit' });
      emit('retransmits', retransmitted);
      emit('listenOverflows', listenOverflows);
    },
  });
}

export const tcp: Source<TcpCounters> = defineTcp('tcp', 'host', '/proc/1/net');
export const containerTcp: Source<TcpCounters> = defineTcp('container-tcp', 'container', '/proc/self/net');
