import http from 'node:http';
import { acceptsGzip, compress } from './encoding.ts';
import type { Head } from './head.ts';
import type { Answer } from './route.ts';

/** Compressing less than this saves no packet. */
const GZIP_FROM = 1024;

const ALWAYS = { connection: 'close', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/**
 * An answer as it goes over the wire, in parts; compressed where that is worth it and asked for. Without a `head` the
 * request could not be read. `wall` is now.
 */
export async function composeMessage(
  answer: Answer,
  head: Head | undefined,
  wall: number,
): Promise<readonly Uint8Array[]> {
  const { status, type = 'text/plain; charset=utf-8', headers = {} } = answer;
  const whole = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const isWorthIt = whole.length > GZIP_FROM;
  const isCompressed = isWorthIt && acceptsGzip(head?.headers.get('accept-encoding')?.join(','));
  const body = isCompressed ? await (answer.gzip?.() ?? compress(whole)) : whole;
  const start = startLines(status, {
    ...headers,
    ...(isWorthIt && {
      vary: headers['vary'] === undefined ? 'Accept-Encoding' : `${headers['vary']}, Accept-Encoding`,
    }),
    ...(isCompressed && { 'content-encoding': 'gzip' }),
    'content-type': type,
    'content-length': String(body.length),
    date: new Date(wall).toUTCString(),
    ...ALWAYS,
  });
  return head?.method === 'HEAD' ? [start] : [start, body];
}

function startLines(status: number, headers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => {
    if (/[^\t\x20-\x7e]/.test(value)) throw new Error(`the header ${name} is not plain text`);
    return `${name}: ${value}\r\n`;
  });
  return Buffer.from(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`);
}
