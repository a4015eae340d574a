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

/** Milliseconds from a Retry-After header (RFC 9110, 10.2.3: seconds or a date), within reason; undefined for nonsense. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = header.trim();
  const milliseconds = /^\d+$/.test(seconds) ? Number(seconds) * 1000 : Date.parse(header) - now;
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

/** What an error of the network means. A certificate that does not fit stays so until somebody changes it. */
export function classifyError(error: NodeJS.ErrnoException): Exclude<Verdict, { kind: 'delivered' }> {
  const code = error.code ?? '';
  if (code === BAD_RECORD) return { kind: 'data', reason: error.message };
  const isCertificate =
    /^(CERT_|ERR_TLS_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_INVALID|ERR_OSSL)/.test(code);
  return { kind: isCertificate ? 'endpoint' : 'transient', reason: REASONS[code] ?? error.message };
}
