import type { Socket } from 'node:net';
import { type Answer, plain } from './route.ts';

// Node's own HTTP server makes objects of all requests that a read brings along, some 3,000 of 64 KiB, before it says
// a word of the first: 7 MB for each connection that sends so. Here what follows the first head is never looked at.

/** The request line and the headers. */
export interface Head {
  readonly method: string;
  /** As it came. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** All values by lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

export interface HeadLimits {
  /** Bytes of the request line and the headers. */
  readonly headerBytes: number;
  readonly headers: number;
}

const END = '\r\n\r\n';
const REQUEST_LINE = /^([\w!#$%&'*+.^`|~-]+) ([\x21-\x7e]+) HTTP\/(1\.[01])$/;
const REQUEST_START = /^[\w!#$%&'*+.^`|~-]{1,16}(?: |$)/;
const HEADER = /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/;

const MALFORMED = plain(400, 'bad request');

/** Reads until a head is there, and no further; resolves with what to answer where there is none. */
export function readHead(socket: Socket, limits: HeadLimits): Promise<Head | Answer> {
  const { promise, resolve } = Promise.withResolvers<Head | Answer>();
  let text = '';

  function finish(result: Head | Answer): void {
    socket.off('data', onData).off('end', onEnd).pause();
    resolve(result);
  }

  function onData(chunk: Buffer): void {
    const searched = Math.max(0, text.length - END.length);
    text += chunk.toString('latin1', 0, limits.headerBytes - text.length);
    const end = text.indexOf(END, searched);
    // A client of another protocol (TLS for one) would wait for an answer until its time is up.
    if (!REQUEST_START.test(text)) finish(MALFORMED);
    else if (end >= 0) finish(parseHead(text.slice(0, end), limits.headers));
    else if (text.length >= limits.headerBytes) finish(plain(431, `more than ${limits.headerBytes} bytes of headers`));
  }

  function onEnd(): void {
    if (text === '') socket.destroy();
    else finish(MALFORMED);
  }

  socket.on('data', onData).on('end', onEnd);
  return promise;
}

/** Strict (RFC 9112): no folded lines, no bare line feeds, no spaces where none belong. */
function parseHead(text: string, mostHeaders: number): Head | Answer {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [, method, target, version] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined || (version !== '1.0' && version !== '1.1')) return MALFORMED;
  if (lines.length > mostHeaders) return plain(431, `more than ${mostHeaders} headers`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return MALFORMED;
    const values = headers.get(name.toLowerCase()) ?? [];
    values.push(value.trim());
    headers.set(name.toLowerCase(), values);
  }
  return { method, target, version, headers };
}
