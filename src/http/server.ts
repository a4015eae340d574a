import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createConnections } from './connections.ts';
import { createDispatch } from './dispatch.ts';
import { isLoopback } from './guard.ts';
import { type HeadLimits, readHead } from './head.ts';
import { composeMessage } from './message.ts';
import type { Route } from './route.ts';

export interface Limits extends HeadLimits {
  /** Open connections at once. */
  readonly connections: number;
  /** Milliseconds from the accept to the last byte of the answer. */
  readonly lifetime: number;
  /** Milliseconds for a route to come up with its answer. */
  readonly answer: number;
}

export interface ServerOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  readonly routes: readonly Route[];
  /** Wanted as "Authorization: Bearer …" on all routes but the open ones. */
  readonly token?: string | undefined;
  /** In PEM. */
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly limits?: Partial<Limits>;
}

export interface ServerStats {
  /** Answers by status, refusals too. */
  readonly requests: ReadonlyMap<number, number>;
  /** Connections closed for the sake of a limit: too many, or too old. */
  readonly connectionsDropped: number;
}

export interface LocalServer {
  /** A URL without a path, with the real port. */
  readonly address: string;
  /** Whether only this machine reaches it. */
  readonly isLocal: boolean;
  readonly stats: ServerStats;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Prometheus gives a scrape 10 seconds. */
const LIMITS: Limits = { connections: 128, lifetime: 10_000, answer: 8000, headerBytes: 8192, headers: 100 };

/** What the kernel queues: 0.1 s of accepting. Where the queue is full, a client comes again after 1 s. */
const BACKLOG = 1024;

/**
 * A server for a few GET routes that strangers may reach: one request a connection, and a limit on everything. Rejects
 * with the error of listening. It keeps the process alive until it is closed.
 */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const { clock, log } = options;
  const limits = { ...LIMITS, ...options.limits };
  const connections = createConnections(limits.connections, limits.lifetime, clock);
  const requests = new Map<number, number>();
  const said = new Set<string>();

  /** The first failure of a thing; the others show in the statuses. */
  function report(what: string, message: string): void {
    if (!said.has(what)) log.warn(`local server: ${what}: ${message} (said once)`);
    said.add(what);
  }

  const dispatch = await createDispatch({ ...options, time: limits.answer, report });
  const server = await createListener(options.tls);
  const bound = await listen(server, options);
  const isLocal = isLoopback(bound.address);

  /** One request, one answer, the end. */
  async function serve(socket: Socket): Promise<void> {
    socket.on('error', () => {});
    const connection = connections.of(socket);
    if (connection === undefined) return void socket.destroy();
    const gone = new Promise<undefined>((resolve) => socket.once('close', () => resolve(undefined)));
    const head = await readHead(socket, limits);
    connection.isAsking = true;
    const isRefused = 'status' in head;
    const answer = isRefused ? head : await dispatch(head, isLocal, gone);
    if (answer === undefined) return;
    const parts = await composeMessage(answer, isRefused ? undefined : head, clock.wall());
    requests.set(answer.status, (requests.get(answer.status) ?? 0) + 1);
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.destroySoon();
  }

  server.on('connection', (socket) => connections.add(socket));
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    serve(socket).catch((error: Error) => {
      report('answering', error.message);
      socket.destroy();
    });
  });
  server.on('error', (error) => report('accepting', error.message));

  return {
    address: `${options.tls === undefined ? 'http' : 'https'}://${hostOf(bound)}:${bound.port}`,
    isLocal,
    stats: {
      requests,
      get connectionsDropped() {
        return connections.dropped;
      },
    },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      connections.end();
      await promise;
    },
  };
}

/** Clients may end their side as soon as they have asked; over TLS that would keep broken handshakes open. */
async function createListener(tls: ServerOptions['tls']): Promise<Server> {
  if (tls === undefined) return (await import('node:net')).createServer({ allowHalfOpen: true });
  const { createServer } = await import('node:tls');
  const [cert, key] = [Buffer.from(tls.cert), Buffer.from(tls.key)];
  return createServer({ cert, key, minVersion: 'TLSv1.2' });
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).once('listening', resolve);
  server.listen({ host, port, backlog: BACKLOG });
  await promise;
  server.off('error', reject);
  return server.address() as AddressInfo;
}

function hostOf({ address, family }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]` : address;
}
