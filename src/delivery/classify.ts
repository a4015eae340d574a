import type { HttpAnswer } from './http.ts';
import type { FailureKind, Verdict } from './destination.ts';

/** Whoever asks for more patience than this is asked again all the same. */
const MOST_PATIENCE = 15 * 60 * 1000;

/** What an answer other than success means for the request. */
export function classifyAnswer(
  { status, headers, body }: HttpAnswer,
  now: number,
): Exclude<Verdict, { kind: 'delivered' }> {
  const retryAfter = parseRetryAfter(headers['retry-after'], now);
  const said = new TextDecoder().decode(body.subarray(0, 200)).trim();
  return {
    kind: kindOf(status),
    reason: `HTTP ${status}${said === '' ? '' : `: ${said}`}`,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(status === 413 && { tooLarge: true }),
  };
}

/** ARCHITECTURE: held, not dropped, are also 401, 403, 404 and 5xx, for which OTLP's letter says "do not retry". */
function kindOf(status: number): FailureKind {
  if (status === 400 || status === 413 || status === 422) return 'data';
  return status === 408 || status === 429 || status >= 500 ? 'transient' : 'endpoint';
}

/** Date.parse alone makes a date out of nearly everything. */
const HTTP_DATE = /^[A-Z][a-z]+, \d\d[ -][A-Z][a-z]{2}[ -](\d{4}|\d\d) \d\d:\d\d:\d\d GMT$/;

/** Milliseconds from a Retry-After header (RFC 9110, 10.2.3: seconds or a date), within reason; undefined for nonsense. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  let milliseconds = NaN;
  if (/^\d+$/.test(text)) milliseconds = Number(text) * 1000;
  else if (HTTP_DATE.test(text)) milliseconds = Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(0, milliseconds), MOST_PATIENCE);
}

/** The code of an error that lies in a record and not on the way. */
export const BAD_RECORD = 'BAD_RECORD';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNRESET: 'the other side broke the connection off',
};

/** Codes of errors over certificates, TLS, and headers that cannot be sent. */
const FOR_GOOD =
  /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO|ERR_TLS_|ERR_SSL_|ERR_OSSL|ERR_INVALID)/;

/** What an error of the network means. Where the two sides cannot agree on TLS, somebody must change something. */
export function classifyError(error: NodeJS.ErrnoException): Exclude<Verdict, { kind: 'delivered' }> {
  const code = error.code ?? '';
  if (code === BAD_RECORD) return { kind: 'data', reason: error.message };
  const tls = /:SSL routines:\w*:([^:]+)/.exec(error.message)?.[1];
  return {
    kind: FOR_GOOD.test(code) ? 'endpoint' : 'transient',
    reason: REASONS[code] ?? (tls === undefined ? error.message : `TLS: ${tls}`),
  };
}
