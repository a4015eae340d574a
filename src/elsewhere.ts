import type { FileSystemSizes, Host, MountPlace } from '../instrumentation/source.ts';
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

interface State extends MountPlace {
  answer?: { readonly sizes: FileSystemSizes; readonly at: number };
  askedAt: number;
  /** An errno, or {@link HUNG}; undefined while all is well. */
  trouble?: string | undefined;
}

const HUNG = 'hung';

/** Why nobody is asked at all. */
const PAUSES = {
  memory: 'a process that asks for them needs more memory than is known to be free',
  stuck: `${MOST_HUNG} processes that asked hang, and cannot be killed`,
} as const;

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
  /** Whether there is memory for a child: it would be charged to the job, and the kernel could kill the whole job for it. */
  readonly hasRoom?: () => boolean;
  /** JavaScript that a child runs before its program. */
  readonly before?: string;
}

const isSame = (a: MountPlace | undefined, b: MountPlace) => a?.path === b.path && a.identity === b.identity;

/**
 * What a child last said about each of these mount points. At most once a minute, and only where there are any, children
 * are started, one after another: each asks until one file system is silent, and the next one goes on behind that.
 */
export function createElsewhere(
  clock: Pick<Clock, 'monotonic'>,
  log: Pick<Log, 'info' | 'warn'>,
  { deadline = DEADLINE, hasRoom = () => true, before = '' }: Options = {},
): Elsewhere {
  /** By path. */
  const states = new Map<string, State>();
  /** The end of each child that cannot be killed, and where it hangs; undefined of one that did not even start. */
  const stuck = new Map<Promise<void>, MountPlace | undefined>();
  let nextRound = -Infinity;
  let round: PromiseWithResolvers<void> | undefined;
  let isFailureSaid = false;
  let pause: keyof typeof PAUSES | undefined;

  function startRound(): void {
    nextRound = clock.monotonic() + EVERY;
    round = Promise.withResolvers();
    const isHung = ({ trouble }: State) => Number(trouble === HUNG);
    const isStuck = (state: State) => [...stuck.values()].some((place) => isSame(place, state));
    const places = [...states.values()].filter((state) => !isStuck(state));
    goOn(
      places.toSorted((a, b) => isHung(a) - isHung(b) || a.askedAt - b.askedAt),
      0,
    );
  }

  function goOn(places: readonly MountPlace[], hung: number): void {
    if (places.length === 0) return endRound();
    setPause(stuck.size >= MOST_HUNG ? 'stuck' : hasRoom() ? undefined : 'memory');
    if (pause !== undefined || hung === MOST_HUNG) return endRound();
    const left = [...places];
    ask(
      before + program,
      places.map(({ path }) => path),
      deadline,
      {
        begins: () => note(left[0]!, { askedAt: clock.monotonic() }),
        answers(answer) {
          const place = left.shift()!;
          if (typeof answer === 'string') note(place, { trouble: answer });
          else note(place, { trouble: undefined, answer: { sizes: sizesOf(answer), at: clock.monotonic() } });
        },
        isSilent(path, end) {
          const place = path === undefined ? undefined : left.shift()!;
          if (end !== undefined) {
            stuck.set(end, place);
            void end.then(() => stuck.delete(end));
          }
          if (place === undefined) return fail(left, 'a process neither begins nor can be killed');
          note(place, { trouble: HUNG });
          return goOn(left, hung + 1);
        },
        ends: (error) => (error === undefined ? endRound() : fail(left, error.message)),
      },
    );
    return undefined;
  }

  /** What was known is not told any longer, as is said. */
  function setPause(reason: typeof pause): void {
    if (reason !== undefined) forget(states.values());
    if (reason === pause) return;
    pause = reason;
    if (reason === undefined) log.info('file systems are asked for their sizes again');
    else log.warn(`the sizes of ${pathsOf([...states.values()])} are left out: ${PAUSES[reason]}`);
  }

  function fail(places: readonly MountPlace[], message: string): void {
    endRound();
    forget(places);
    if (isFailureSaid) return;
    isFailureSaid = true;
    log.warn(`cannot ask for the sizes of ${pathsOf(places)}: ${message}; they are left out (said once)`);
  }

  function forget(places: Iterable<MountPlace>): void {
    for (const place of places) {
      const state = states.get(place.path);
      if (isSame(state, place)) delete state!.answer;
    }
  }

  function endRound(): void {
    round?.resolve();
    round = undefined;
  }

  /** What went away meanwhile is not remembered again, and what took its place has sizes of its own. */
  function note(place: MountPlace, change: Partial<Omit<State, keyof MountPlace>>): void {
    const { path } = place;
    const state = states.get(path);
    if (state === undefined || !isSame(state, place)) return;
    const before = state.trouble;
    Object.assign(state, change);
    const { trouble } = state;
    if (trouble !== undefined) delete state.answer;
    if (trouble === before) return;
    if (trouble === undefined) {
      if (!SILENT.has(before!)) log.info(`the file system at ${path} answers again`);
      return;
    }
    if (!SILENT.has(trouble))
      log.warn(
        `the file system at ${path} ${trouble === HUNG ? 'does not answer' : `says ${trouble}`}; its sizes are left out`,
      );
  }

  function statfs(places: readonly MountPlace[]): ReadonlyMap<string, FileSystemSizes> {
    const wanted = new Map(places.map((place) => [place.path, place]));
    for (const [path, state] of states) if (!isSame(wanted.get(path), state)) states.delete(path);
    for (const [path, { identity }] of wanted) if (!states.has(path)) states.set(path, { path, identity, askedAt: 0 });
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

function pathsOf(places: readonly MountPlace[]): string {
  return places.map(({ path }) => path).join(', ');
}
