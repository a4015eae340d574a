import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Gunzipped where it said gzip. */
  readonly body: Buffer;
  readonly socket: Socket;
}

interface Answer {
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** Says what to answer, or nothing: then it writes to the response or the socket by itself, or stays silent. */
export type Script = (received: Received, response: http.ServerResponse) => Answer | undefined | void;

export interface Receiver {
  readonly url: URL;
  /** Every request that came in whole, in order. */
  readonly requests: readonly Received[];
  readonly connections: number;
  /** Resolves as soon as so many requests have come in. */
  received(count: number): Promise<void>;
}

/** A real server on a free port of 127.0.0.1 that ends with the test `t`; with certificates it speaks TLS. */
export async function startReceiver(
  t: { after(end: () => void): void },
  script: Script,
  tls?: https.ServerOptions,
): Promise<Receiver> {
  const requests: Received[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let connections = 0;

  async function onRequest(incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers, socket } = incoming;
    const raw = await buffer(incoming);
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const received = { method, path, headers, body, socket };
    requests.push(received);
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    const answer = script(received, response);
    if (answer) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  }

  const listener = (incoming: http.IncomingMessage, response: http.ServerResponse) =>
    void onRequest(incoming, response);
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });

  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1/metrics`),
    requests,
    get connections() {
      return connections;
    },
    received(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (requests.length >= count) resolve();
      else waiting.push({ count, resolve });
      return promise;
    },
  };
}
