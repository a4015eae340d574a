import http from 'node:http';
import https from 'node:https';

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
 * One request over a kept connection, one answer. Follows no redirect, retries nothing, undoes no compression; rejects
 * with the network's error, or with an error of the code ETIMEDOUT after `timeout`.
 */
export async function request(options: HttpRequest): Promise<HttpAnswer> {
  try {
    return await requestOnce(options);
  } catch (error) {
    // The server closed the kept connection at the moment we used it: it never saw the request.
    if (error instanceof StaleConnection && !options.signal.aborted) return requestOnce(options);
    throw error;
  }
}

class StaleConnection extends Error {}

function requestOnce({ url, method, headers, body, timeout, agent, signal }: HttpRequest): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const { request: start } = url.protocol === 'https:' ? https : http;
  const outgoing = start(url, { method, agent, headers: { ...headers, 'content-length': String(body.length) } });
  const timer = setTimeout(() => {
    outgoing.destroy(Object.assign(new Error(`no complete answer within ${timeout / 1000} s`), { code: 'ETIMEDOUT' }));
  }, timeout);
  const abort = () => outgoing.destroy(Object.assign(new Error('given up'), { code: 'ABORTED' }));
  signal.addEventListener('abort', abort);
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  };
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    end();
    const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    reject(isStale ? new StaleConnection(error.message) : error);
  });
  outgoing.on('response', (incoming) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const answer = () => {
      end();
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
    };
    incoming.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= MOST_ANSWER) chunks.push(chunk);
      else {
        answer();
        incoming.destroy();
      }
    });
    incoming.on('end', answer);
    incoming.on('error', (error) => {
      end();
      reject(error);
    });
  });
  if (signal.aborted) abort();
  else outgoing.end(body);
  return promise;
}
