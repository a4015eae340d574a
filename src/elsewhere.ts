import type { FileSystemSizes, Host } from '../instrumentation/source.ts';
import type { Clock } from './clock.ts';
import { ask, program } from './elsewhere-child.ts';
import { sizesOf } from './host.ts';
import type { Log } from './log.ts';

// The sizes of file systems whose server may be silent. Whoever asks such a one may never come back, and may not even be
// killed (state D), so a process asks that nobody waits for: not the agent while it runs, and not when it ends.

/** Milliseconds between two rounds. */
const EVERY = 60_000;
/** An answer that is older says nothing any more. */
const OLDEST = 180_000;
/** Milliseconds that one file system gets, and a child to start. */
const DEADLINE = 5000;
/** File systems that hang in one round, and children that cannot be killed: each of those holds memory. */
const MOST_HUNG = 4;

interface State {
  answer?: { readonly sizes: FileSystemSizes; readonly at: number };
  askedAt: number;
  /** An errno, or {@link HUNG}; undefined while all is well. */
  trouble?: string | undefined;
}

const HUNG = 'hung';

/** That there is no such directory, or that it is not for us, is no news. */
const SILENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

export interface Elsewhere {
  readonly statfs: Host['statfsElsewhere'];
  /** Resolves when no round is under way: what can be known is known. */
  settled(): Promise<void>;
}

interface Options {
  /** Instead of {@link DEADLINE}. */
  readonly deadline?: number;
  /** JavaScript that a child runs before its program. */
  readonly before?: string;
}

/**
 * What a child last said about each of these mount points. At most once a minute, and only where there are any, children
 * are started, one after another: each asks until one file system is silent, and the next one goes on behind that.
 */
export function createElsewhere(
  clock: Pick<Clock, 'monotonic'>,
  log: Pick<Log, 'info' | 'warn'>,
  { deadline = DEADLINE, before = '' }: Options = {},
): Elsewhere {
  const states = new Map<string, State>();
  /** The end of each child that cannot be killed, and where it hangs; undefined of one that did not even start. */
  const stuck = new Map<Promise<void>, string | undefined>();
  let nextRound = -Infinity;
  let round: PromiseWithResolvers<void> | undefined;
  let isFailureSaid = false;

  function startRound(): void {
    nextRound = clock.monotonic() + EVERY;
    round = Promise.withResolvers();
    const isHung = (path: string) => Number(states.get(path)!.trouble === HUNG);
    const askedAt = (path: string) => states.get(path)!.askedAt;
    const isStuck = new Set(stuck.values());
    const paths = [...states.keys()].filter((path) => !isStuck.has(path));
    goOn(
      paths.toSorted((a, b) => isHung(a) - isHung(b) || askedAt(a) - askedAt(b)),
      0,
    );
  }

  function goOn(paths: readonly string[], hung: number): void {
    if (paths.length === 0 || hung === MOST_HUNG || stuck.size === MOST_HUNG) return endRound();
    const left = [...paths];
    ask(before + program, paths, deadline, {
      begins: (path) => note(path, { askedAt: clock.monotonic() }),
      answers(answer) {
        const path = left.shift()!;
        if (typeof answer === 'string') note(path, { trouble: answer });
        else note(path, { trouble: undefined, answer: { sizes: sizesOf(answer), at: clock.monotonic() } });
      },
      isSilent(path, end) {
        if (end !== undefined) {
          stuck.set(end, path);
          void end.then(() => stuck.delete(end));
        }
        if (path === undefined) return endRound();
        left.shift();
        note(path, { trouble: HUNG });
        return goOn(left, hung + 1);
      },
      ends(error) {
        endRound();
        if (error === undefined || isFailureSaid) return;
        isFailureSaid = true;
        log.warn(`cannot ask for the sizes of ${paths.join(', ')}: ${error.message}; they are left out (said once)`);
      },
    });
    return undefined;
  }

  function endRound(): void {
    round?.resolve();
    round = undefined;
  }

  /** What went away meanwhile is not remembered again. */
  function note(path: string, change: Partial<State>): void {
    const state = states.get(path);
    if (state === undefined) return;
    const before = state.trouble;
    Object.assign(state, change);
    const { trouble } = state;
    if (trouble === before) return;
    if (trouble === undefined) {
      if (!SILENT.has(before!)) log.info(`the file system at ${path} answers again`);
      return;
    }
    if (trouble !== HUNG) delete state.answer;
    if (!SILENT.has(trouble))
      log.warn(
        `the file system at ${path} ${trouble === HUNG ? 'does not answer' : `says ${trouble}`}; its sizes are left out`,
      );
  }

  function statfs(paths: readonly string[]): ReadonlyMap<string, FileSystemSizes> {
    const wanted = new Set(paths);
    for (const path of states.keys()) if (!wanted.has(path)) states.delete(path);
    for (const path of wanted) if (!states.has(path)) states.set(path, { askedAt: 0 });
    const now = clock.monotonic();
    if (wanted.size > 0 && round === undefined && now >= nextRound) startRound();
    const fresh = [...states].flatMap(([path, { answer }]) =>
      answer === undefined || now - answer.at > OLDEST ? [] : [[path, answer.sizes] as const],
    );
    return new Map(fresh);
  }

  return {
    statfs,
    async settled() {
      // Nothing else of a round keeps the process alive.
      const hold = setInterval(() => {}, EVERY);
      await round?.promise;
      clearInterval(hold);
    },
  };
}
