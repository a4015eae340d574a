import http from 'node:http';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Milliseconds for all of it, from the look-up of the name to the last byte of the answer. */
  readonly timeout: number;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** At most {@link MOST_ANSWER} bytes; what came after was not read. */
  readonly body: Uint8Array;
}

/** OTLP's own limit on an answer (opentelemetry-proto, docs/specification.md). */
const MOST_ANSWER = 4 * 1024 * 1024;

/**
 * One request over a kept connection, one answer. Follows no redirect, undoes no compression, and retries nothing but a
 * request on a kept connection that broke before a byte of an answer; rejects with the network's error, or with one of the code ETIMEDOUT or ABORTED.
 */
export async function request(options: HttpRequest): Promise<HttpAnswer> {
  const { url, timeout, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  let outgoing: http.ClientRequest | undefined;
  let isGivenUp = false;

  function giveUp(code: string, message: string): void {
    isGivenUp = true;
    reject(Object.assign(new Error(message), { code }));
    outgoing?.destroy();
  }

  function attempt(send: typeof http.request, mayRetry: boolean): void {
    outgoing = start(send, options, (error, isStale) => {
      if (isStale && mayRetry && !isGivenUp) attempt(send, false);
      else reject(error);
    });
    outgoing.on('response', (incoming) => void readAnswer(incoming).then(resolve, reject));
  }

  const timer = setTimeout(() => giveUp('ETIMEDOUT', `no complete answer within ${timeout / 1000} s`), timeout);
  const abort = () => giveUp('ABORTED', 'given up');
  signal.addEventListener('abort', abort);
  try {
    const send = url.protocol === 'https:' ? (await import('node:https')).request : http.request;
    if (signal.aborted) abort();
    else attempt(send, true);
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** `isStale`: the kept connection was gone when we used it: it failed without a byte of an answer. */
function start(
  send: typeof http.request,
  { url, method, headers, body, agent }: HttpRequest,
  onError: (error: Error, isStale: boolean) => void,
): http.ClientRequest {
  const outgoing = send(url, { method, agent, headers: { ...headers, 'content-length': String(body.length) } });
  let bytesBefore = 0;
  outgoing.on('socket', (socket) => (bytesBefore = socket.bytesRead));
  outgoing.on('error', (error) => {
    onError(error, outgoing.reusedSocket && outgoing.socket?.bytesRead === bytesBefore);
  });
  return outgoing.end(body);
}

async function readAnswer(incoming: http.IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MOST_ANSWER) break;
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}
