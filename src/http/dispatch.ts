import type { Clock } from '../clock.ts';
import { createTokenCheck, refusal } from './guard.ts';
import type { Head } from './head.ts';
import { type Answer, plain, type Route } from './route.ts';

interface DispatchOptions {
  readonly routes: readonly Route[];
  readonly token?: string | undefined;
  readonly clock: Clock;
  /** Milliseconds for a route to come up with its answer. */
  readonly time: number;
  /** A route's failure; called at each. */
  readonly report: (path: string, message: string) => void;
}

/** The answer to a request; `undefined` where `gone` came before it. Never rejects. */
export type Dispatch = (head: Head, isLocal: boolean, gone: Promise<undefined>) => Promise<Answer | undefined>;

const TOO_LATE = new Error('no answer in time');

/** Takes a request past the guard to its route. Without the token an unknown path looks like any other. */
export async function createDispatch(options: DispatchOptions): Promise<Dispatch> {
  const { clock, time, report } = options;
  const routes = new Map([index(options.routes), ...options.routes].map((route) => [route.path, route]));
  const isAllowed = await createTokenCheck(options.token);

  async function settle(work: Promise<Answer>, gone: Promise<undefined>): Promise<Answer | undefined> {
    const { promise: late, reject } = Promise.withResolvers<undefined>();
    const cancel = clock.after(time, () => reject(TOO_LATE));
    try {
      return await Promise.race([work, late, gone]);
    } finally {
      cancel();
    }
  }

  return async (head, isLocal, gone) => {
    const refused = refusal(head, isLocal);
    if (refused !== undefined) return refused;
    // As it came: nothing is decoded or normalised, so that no path is known by two names.
    const [path = ''] = head.target.split('?', 1);
    const route = routes.get(path);
    if (route?.isOpen !== true && !isAllowed(head)) {
      return plain(401, 'a token is needed', { 'www-authenticate': 'Bearer' });
    }
    if (route === undefined) return plain(404, 'not found');
    const work = async () => route.answer({ accept: head.headers.get('accept')?.join(', ') });
    return settle(work(), gone).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      report(path, message);
      return plain(error === TOO_LATE ? 503 : 500, message);
    });
  };
}

/** Lists the routes; one of them may stand in its place. */
function index(routes: readonly Route[]): Route {
  return { path: '/', answer: () => ({ status: 200, body: routes.map(({ path }) => `${path}\n`).join('') }) };
}
