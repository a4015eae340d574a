import type { Bytes } from '../instrumentation/kernel/bytes.ts';
import type { Clock } from './clock.ts';

/** Milliseconds for one answer, from the call to its last byte. */
const TIMEOUT = 2000;

/** Bytes of one answer. */
const MOST = 256 * 1024;

/** Milliseconds between a failure and the next try: doubled with each, up to this. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** Milliseconds of failures that are nobody's business: a platform's service may start after the job. */
const PATIENCE = 30_000;

/** So many periods an answer counts while newer ones fail. */
const KEPT = 10;

/** Timers may fire a little before their time. */
const EARLY = 50;

export interface Asker {
  /** As Host.ask has it. `fail` takes each failure, during a later call. */
  readonly ask: (url: string, period: number, fail: (error: Error) => void) => Bytes | undefined;
  /** Resolves when nobody is being asked. */
  settled(): Promise<void>;
  close(): void;
}

interface Service {
  /** Monotonic milliseconds. */
  due: number;
  inFlight?: Promise<void> | undefined;
  answer?: { readonly bytes: Bytes; readonly at: number } | undefined;
  /** Since when it fails, how often it did, and what was not told yet. */
  failingSince?: number | undefined;
  failures: number;
  untold: Error[];
}

/**
 * Asks services of the platform on this very machine by HTTP, in the background: one call at a time for each address,
 * nothing that holds up the end of the process. The address comes from a variable that anybody may have set, so no other
 * machine is ever called, no redirect followed and no proxy used.
 */
export function createAsker(clock: Pick<Clock, 'monotonic'>, patience: number = PATIENCE): Asker {
  const services = new Map<string, Service>();
  const ended = new AbortController();

  function start(service: Service, url: string, period: number): void {
    const refusal = refusalOf(url);
    if (refusal !== undefined) {
      service.due = Infinity;
      service.failingSince = -Infinity;
      service.untold.push(new Error(refusal));
      return;
    }
    service.inFlight = call(service, new URL(url), period);
  }

  async function call(service: Service, url: URL, period: number): Promise<void> {
    const began = clock.monotonic();
    try {
      const bytes = await get(url, ended.signal);
      service.answer = { bytes, at: clock.monotonic() };
      service.due = began + period;
      service.failingSince = undefined;
      service.failures = 0;
      // What was mended before anybody was told was no failure.
      service.untold = [];
    } catch (error) {
      service.failingSince ??= began;
      service.due = clock.monotonic() + Math.min(FIRST_PAUSE * 2 ** service.failures++, LONGEST_PAUSE);
      service.untold.push(error as Error);
    } finally {
      service.inFlight = undefined;
    }
  }

  return {
    ask(url, period, fail) {
      const now = clock.monotonic();
      let service = services.get(url);
      if (service === undefined) {
        service = { due: now, failures: 0, untold: [] };
        services.set(url, service);
      }
      if (service.failingSince !== undefined && now - service.failingSince >= patience) {
        for (const error of service.untold.splice(0)) fail(error);
      }
      if (service.inFlight === undefined && now >= service.due - EARLY) start(service, url, period);
      if (service.answer !== undefined && now - service.answer.at > KEPT * period) service.answer = undefined;
      return service.answer?.bytes;
    },
    async settled() {
      // The calls alone do not keep the process alive.
      const hold = setTimeout(() => {}, 2 * TIMEOUT);
      await Promise.all([...services.values()].flatMap(({ inFlight }) => inFlight ?? []));
      clearTimeout(hold);
    },
    close: () => ended.abort(),
  };
}

/** Loopback and link-local addresses, as URL writes them: a name would have to be looked up, and could be anybody's. */
const THIS_MACHINE = /^(?:localhost|127(?:\.\d{1,3}){3}|169\.254(?:\.\d{1,3}){2}|\[::1\]|\[fd00:ec2:[\da-f:]+\])$/;

function refusalOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && url.username === '' && url.password === '' && THIS_MACHINE.test(url.hostname)) {
    return undefined;
  }
  return 'not asked, since this is no plain HTTP address of this machine (127.0.0.0/8, 169.254.0.0/16, [::1], [fd00:ec2::]/32, localhost)';
}

async function get(url: URL, ended: AbortSignal): Promise<Bytes> {
  // Most agents have nobody to ask, and this costs memory.
  const { request } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<Bytes>();
  const timeout = AbortSignal.timeout(TIMEOUT);
  const outgoing = request(url, {
    // One of its own: closed with the answer, and without the proxy that the environment may name.
    agent: false,
    signal: AbortSignal.any([timeout, ended]),
    // Whatever a file of hosts makes of the name.
    ...(url.hostname === 'localhost' && { hostname: '127.0.0.1' }),
  });
  let isAnswered = false;
  outgoing.on('socket', (socket) => socket.unref());
  outgoing.on('error', reject);
  outgoing.on('close', () => isAnswered || reject(new Error('closed without an answer')));
  outgoing.on('response', (incoming) => {
    isAnswered = true;
    readBody(incoming.statusCode, incoming).then(resolve, reject);
  });
  outgoing.end();
  try {
    return await promise;
  } catch (error) {
    throw timeout.aborted ? new Error(`no whole answer within ${TIMEOUT / 1000} s`) : error;
  } finally {
    outgoing.destroy();
  }
}

async function readBody(status: number | undefined, incoming: AsyncIterable<Uint8Array>): Promise<Bytes> {
  if (status !== 200) throw new Error(`answered ${status}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > MOST) throw new Error(`answered more than ${MOST / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
