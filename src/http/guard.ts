import type { Head } from './head.ts';
import { type Answer, plain } from './route.ts';

/** `localhost` and the addresses that mean this machine, with any port. */
const LOCAL_HOST = /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{0,5})?$/i;

/** Whether only this machine reaches what listens there. */
export function isLoopback(address: string): boolean {
  return /^(?:127\.|::1$|::ffff:127\.)/.test(address);
}

/**
 * What is refused whatever the path is. `isLocal` forbids what a web page could have made a browser on this machine
 * send: to a name of the page's own that now points here (DNS rebinding), or across origins.
 */
export function refusal(head: Head, isLocal: boolean): Answer | undefined {
  if (isLocal && !namesThisMachine(head)) return plain(403, 'the Host header does not name this machine');
  if (isLocal && head.headers.has('origin')) return plain(403, 'not for web pages');
  if (!['GET', 'HEAD'].includes(head.method)) return plain(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
  return undefined;
}

function namesThisMachine({ headers, version }: Head): boolean {
  const [host, ...more] = headers.get('host') ?? [];
  if (host === undefined) return version === '1.0';
  return more.length === 0 && LOCAL_HOST.test(host);
}

/** Whether a request carries the token. It takes as long for a wrong token as for the right one. */
export async function createTokenCheck(token: string | undefined): Promise<(head: Head) => boolean> {
  if (token === undefined) return () => true;
  // Loaded where there is a token: it costs 3 MB.
  const { default: crypto } = await import('node:crypto');
  const digest = (bytes: Uint8Array) => crypto.createHash('sha256').update(bytes).digest();
  const expected = digest(Buffer.from(token));
  return ({ headers }) => {
    const [authorization = '', ...more] = headers.get('authorization') ?? [];
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (given === undefined || more.length > 0) return false;
    return crypto.timingSafeEqual(digest(Buffer.from(given, 'latin1')), expected);
  };
}
