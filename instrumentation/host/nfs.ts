import { type NfsMount, parseMountstats } from '../kernel/mountstats.ts';
import { NFS2, NFS3, nfs4Names } from '../kernel/nfs-names.ts';
import { type NfsClient, parseRpcNfs } from '../kernel/rpc-nfs.ts';
import { defineSource, type Host, type Source } from '../source.ts';
import { networksOf } from './networks.ts';

/** The NFS client. Reading its numbers asks no server. */
export interface Nfs {
  /** Of the host's network; Linux before 6.9 counts all networks of the machine together. */
  readonly client?: NfsClient | undefined;
  readonly mounts: readonly NfsMount[];
}

export const nfs: Source<Nfs> = defineSource({
  name: 'nfs',
  since: 'unknown',
  metrics: {
    net: {
      name: 'nfs.client.net.count',
      kind: 'counter',
      unit: '{record}',
      value: 'int',
      description: 'Datagrams and TCP segments of the NFS client; absent where the kernel does not count them.',
      from: '/proc/1/net/rpc/nfs, net: second and third number; kernels of today leave them all at 0',
      attributes: { 'network.transport': ['udp', 'tcp'] },
    },
    accepted: {
      name: 'nfs.client.net.tcp.connection.accepted',
      kind: 'counter',
      unit: '{connection}',
      value: 'int',
      description: 'TCP connections of the NFS client; absent where the kernel does not count them.',
      from: '/proc/1/net/rpc/nfs, net: fourth number',
    },
    calls: {
      name: 'nfs.client.rpc.count',
      kind: 'counter',
      unit: '{request}',
      value: 'int',
      description: 'Remote procedures that the NFS client called.',
      from: '/proc/1/net/rpc/nfs, rpc: first number',
    },
    retransmits: {
      name: 'nfs.client.rpc.retransmit.count',
      kind: 'counter',
      unit: '{retransmit}',
      value: 'int',
      description: 'Calls that the NFS client sent again, since the server did not answer.',
      from: '/proc/1/net/rpc/nfs, rpc: second number',
    },
    authRefreshes: {
      name: 'nfs.client.rpc.authrefresh.count',
      kind: 'counter',
      unit: '{authrefresh}',
      value: 'int',
      description: 'How often the NFS client renewed its credentials.',
      from: '/proc/1/net/rpc/nfs, rpc: third number',
    },
    operations: {
      name: 'nfs.client.operation.count',
      kind: 'counter',
      unit: '{operation}',
      value: 'int',
      description: 'Operations of NFS 4 that the client asked for, each one that was ever asked for.',
      from: "/proc/1/net/rpc/nfs, proc4: the client's own operations (include/linux/nfs4.h), NULL left out",
      attributes: { 'onc_rpc.version': 'int', 'nfs.operation.name': 'string' },
      isZeroIfAbsent: true,
      isOptIn: true,
    },
    procedures: {
      name: 'nfs.client.procedure.count',
      kind: 'counter',
      unit: '{procedure}',
      value: 'int',
      description: 'Procedures of NFS 2 and 3 that the client called, each one that was ever called.',
      from: '/proc/1/net/rpc/nfs, proc2 and proc3',
      attributes: { 'onc_rpc.version': 'int', 'onc_rpc.procedure.name': 'string' },
      isZeroIfAbsent: true,
      isOptIn: true,
    },
    io: {
      name: 'jobmeter.host.nfs.io',
      kind: 'counter',
      unit: 'By',
      value: 'int',
      description: 'Bytes that each NFS file system read from its server and wrote to it, by the whole machine.',
      from: '/proc/1/mountstats where it may be read, else /proc/self/mountstats, bytes: fifth and sixth number',
      attributes: { 'disk.io.direction': ['read', 'write'], 'system.filesystem.mountpoint': 'string' },
    },
  },
  read(host) {
    const { host: directory } = networksOf(host);
    const client = directory === undefined ? undefined : host.read(`${directory}/rpc/nfs`, parseRpcNfs);
    const mounts = readMounts(host);
    return client === undefined && mounts.length === 0 ? undefined : { client, mounts };
  },
  observe({ client = {}, mounts }, emit) {
    if (isNetCounted(client)) {
      emit('net', client.udp, { 'network.transport': 'udp' });
      emit('net', client.tcp, { 'network.transport': 'tcp' });
      emit('accepted', client.accepted);
    }
    emit('calls', client.calls);
    emit('retransmits', client.retransmits);
    emit('authRefreshes', client.authRefreshes);
    for (const [name, count] of called(client.v4, nfs4Names(client.v4?.length ?? 0))) {
      emit('operations', count, { 'onc_rpc.version': 4, 'nfs.operation.name': name });
    }
    for (const [version, counts, names] of [
      [2, client.v2, NFS2],
      [3, client.v3, NFS3],
    ] as const) {
      for (const [name, count] of called(counts, names)) {
        emit('procedures', count, { 'onc_rpc.version': version, 'onc_rpc.procedure.name': name });
      }
    }
    for (const { mountPoint, read, written } of mounts) {
      emit('io', read, { 'disk.io.direction': 'read', 'system.filesystem.mountpoint': mountPoint });
      emit('io', written, { 'disk.io.direction': 'write', 'system.filesystem.mountpoint': mountPoint });
    }
  },
});

/** Those of the first process are the host's; only root may read them. */
function readMounts(host: Host): readonly NfsMount[] {
  const all = '/proc/1/mountstats';
  return host.readOnce(host.isReadable(all) ? all : '/proc/self/mountstats', parseMountstats) ?? [];
}

/** The client shares this line with the server, and no code of the client counts there: all zeros are unknown. */
function isNetCounted({ udp = 0, tcp = 0, accepted = 0 }: NfsClient): boolean {
  return udp + tcp + accepted > 0;
}

/** A machine with NFS has ninety names, of which a few are ever used. */
function called(counts: readonly number[] = [], names: readonly string[]): readonly (readonly [string, number])[] {
  return counts.flatMap((count, index) => {
    const name = names[index];
    return count > 0 && name !== undefined && name !== 'NULL' ? [[name, count] as const] : [];
  });
}
