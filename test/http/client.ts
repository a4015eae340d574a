// A server to ask, and clients that behave as badly as a test wants.

import net, { type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Route } from '../../src/http/route.ts';
import { type LocalServer, type ServerOptions, startServer } from '../../src/http/server.ts';
import { createFakeClock, type FakeClock } from '../support/clock.ts';

export interface Served {
  readonly server: LocalServer;
  readonly port: number;
  readonly clock: FakeClock;
  /** What it said to its log. */
  readonly lines: readonly string[];
}

export interface Client {
  readonly socket: Socket;
  /** What came so far, as Latin-1. */
  readonly text: string;
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Gunzipped where it is gzip. */
  readonly body: string;
}

export const ROUTES: readonly Route[] = [
  { path: '/metrics', answer: () => ({ status: 200, body: 'secret 1\n' }) },
  { path: '/healthz', isOpen: true, answer: () => ({ status: 200, body: 'fine\n' }) },
];

export const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Ends with the test; its clock stands still. */
export async function serve(
  t: TestContext,
  options: Partial<ServerOptions> & { readonly routes?: readonly Route[] } = {},
): Promise<Served> {
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = { warn: (line: string) => void lines.push(line) };
  const server = await startServer({ host: '127.0.0.1', port: 0, routes: ROUTES, clock, log, ...options });
  t.after(() => server.close());
  return { server, port: Number(new URL(server.address).port), clock, lines };
}

/** A connection that sends this and leaves its side open. It ends with the server at the latest. */
export async function connect(port: number, bytes: string | Uint8Array = ''): Promise<Client> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
  socket.on('end', () => socket.end()).on('close', () => resolve());
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed]);
  if (bytes.length > 0) socket.write(bytes);
  return {
    socket,
    closed,
    get text() {
      return Buffer.concat(chunks).toString('latin1');
    },
  };
}

/** Sends this and reads until the server closes. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const client = await connect(port, Buffer.from(bytes, 'latin1'));
  await client.closed;
  return client.text;
}

export function parseReply(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const raw = Buffer.from(text.slice(end + 4), 'latin1');
  const body = headers['content-encoding'] === 'gzip' && raw.length > 0 ? gunzipSync(raw) : raw;
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]), headers, body: body.toString() };
}

export interface Asking {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly headers?: readonly string[];
}

/** A request, well formed but for what is said; the Host header is one of the headers. */
export async function ask(port: number, asking: Asking = {}): Promise<Reply> {
  const { method = 'GET', target = '/healthz', version = '1.1', headers = ['Host: localhost'] } = asking;
  const lines = [`${method} ${target} HTTP/${version}`, ...headers, '', ''];
  return parseReply(await exchange(port, lines.join('\r\n')));
}
