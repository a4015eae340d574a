import http from 'node:http';
import type https from 'node:https';
import { gzip } from '../gzip.ts';
import { BAD_RECORD, classifyAnswer, classifyError } from './classify.ts';
import type { Destination, Verdict } from './destination.ts';
import { request } from './http.ts';
import { hint } from './hint.ts';
import { withoutSecrets } from './otlp-settings.ts';

export interface OtlpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** Milliseconds; 0 is without end. */
  readonly timeout: number;
  /** In PEM: who may sign the receiver's certificate, and what is shown to it. */
  readonly tls: Pick<https.AgentOptions, 'ca' | 'cert' | 'key'>;
  readonly userAgent: string;
}

/** Receivers commonly refuse requests above 4 MiB; OTLP's own limit is 64 MiB. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Characters of a receiver's warning. */
const MOST_WARNING = 500;

/** OTLP/HTTP with JSON bodies (opentelemetry-proto, docs/specification.md). A record is one export request. */
export async function createOtlpDestination(options: OtlpOptions): Promise<Destination> {
  const url = new URL(options.url);
  const agent = await createAgent(url, options.tls);
  // A timer cannot wait longer: with more it would not wait at all.
  const timeout = Math.min(options.timeout || Infinity, 2 ** 31 - 1);

  const withHint = (verdict: Verdict, code: string | number): Verdict =>
    verdict.kind === 'delivered' ? verdict : { ...verdict, ...hint(code, url) };

  async function send(records: readonly Uint8Array[], signal: AbortSignal): Promise<Verdict> {
    const json = splice(records);
    const isCompressed = options.compression === 'gzip';
    const answer = await request({
      url,
      method: 'POST',
      headers: {
        ...options.headers,
        'content-type': 'application/json',
        'user-agent': options.userAgent,
        ...(isCompressed && { 'content-encoding': 'gzip' }),
      },
      body: isCompressed ? await gzip(json) : json,
      timeout,
      agent,
      signal,
    });
    if (answer.status >= 200 && answer.status < 300) return withHint(readSuccess(answer.body), 404);
    return withHint(classifyAnswer(answer, Date.now()), answer.status);
  }

  return {
    name: 'otlp',
    address: withoutSecrets(url),
    mostRecords: 500,
    mostBytes: MOST_BYTES,
    send: (records, signal) =>
      send(records, signal).catch((error: NodeJS.ErrnoException) => withHint(classifyError(error), error.code ?? '')),
  };
}

/** Connections are kept: one serves all requests, since there is one in flight. */
async function createAgent(url: URL, tls: OtlpOptions['tls']): Promise<http.Agent> {
  const options = { keepAlive: true, maxSockets: 1 };
  if (url.protocol !== 'https:') return new http.Agent(options);
  const { Agent } = await import('node:https');
  return new Agent({ ...options, ...tls });
}

const OPEN = new TextEncoder().encode('{"resourceMetrics":[');
const CLOSE = new TextEncoder().encode(']}');
const COMMA = new TextEncoder().encode(',');

/** Joins export requests into one without parsing them: the arrays inside are put one behind the other. */
export function splice(records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [OPEN];
  for (const record of records) {
    const end = record.length - CLOSE.length;
    if (!startsWith(record, OPEN, 0) || !startsWith(record, CLOSE, end)) {
      throw Object.assign(new Error('a record is not an OTLP request'), { code: BAD_RECORD });
    }
    if (end === OPEN.length) continue;
    if (parts.length > 1) parts.push(COMMA);
    parts.push(record.subarray(OPEN.length, end));
  }
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

function startsWith(bytes: Uint8Array, expected: Uint8Array, at: number): boolean {
  return expected.every((byte, i) => bytes[at + i] === byte);
}

/** A yes may come with a count of points that were refused. An answer that is no JSON is a yes all the same. */
function readSuccess(body: Uint8Array): Verdict {
  if (body.length === 0) return { kind: 'delivered' };
  // A web server, a proxy's page to log in: they say yes to everything.
  if (/^\s*</.test(new TextDecoder().decode(body.subarray(0, 100)))) {
    return { kind: 'endpoint', reason: 'the answer is a web page: this is no OTLP receiver' };
  }
  try {
    const { partialSuccess } = JSON.parse(new TextDecoder().decode(body)) as { partialSuccess?: PartialSuccess };
    const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0);
    const warning = partialSuccess?.errorMessage;
    return {
      kind: 'delivered',
      ...(Number.isSafeInteger(rejected) && rejected > 0 && { rejected }),
      ...(typeof warning === 'string' && warning !== '' && { warning: warning.slice(0, MOST_WARNING) }),
    };
  } catch {
    return { kind: 'delivered', warning: 'the answer was 200, but its body is not an OTLP response' };
  }
}

interface PartialSuccess {
  readonly rejectedDataPoints?: string | number;
  readonly errorMessage?: string;
}
