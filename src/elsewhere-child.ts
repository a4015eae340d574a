import type { ChildProcess } from 'node:child_process';
import { type StatsFs, writeFileSync } from 'node:fs';

// A process that asks for sizes, and what may be known of it from outside.

/** What a child runs. */
export const program: string = `(${askAll.toString()})()`;

const FLAGS = ['--title=jobmeter-statfs', '--max-semi-space-size=1', '--input-type=commonjs'] as const;

/** Milliseconds in which a process that can be killed is dead. */
const KILLED_IN = 1000;

interface Listener {
  begins(path: string): void;
  /** The errno, where there are no sizes. */
  answers(answer: StatsFs | string): void;
  /** It was killed over this path; `end` resolves when one that cannot be killed is gone, which may not even have begun. */
  isSilent(path: string | undefined, end?: Promise<void>): void;
  /** It came to the end of the paths, or says nothing more of them. */
  ends(error?: Error): void;
}

/** Starts a child that asks for all these. Nothing of it holds up the end of this process. */
export function ask(program: string, paths: readonly string[], deadline: number, listener: Listener): void {
  let child: ChildProcess;
  try {
    child = start(program);
  } catch (error) {
    return listener.ends(error as Error);
  }
  const gone = Promise.withResolvers<void>();
  /** Not said to have begun, a path is not to blame: the machine may be too busy to start a process. */
  let begun: string | undefined;
  let isKilled = false;
  let isOver = false;
  let answered = 0;
  let rest = '';

  const timer = setTimeout(kill, deadline).unref();
  let lastTimer: NodeJS.Timeout | undefined;

  function kill(): void {
    isKilled = true;
    child.kill('SIGKILL');
    lastTimer = setTimeout(() => over(() => listener.isSilent(begun, gone.promise)), KILLED_IN).unref();
  }

  function over(say: () => void): void {
    clearTimeout(timer);
    clearTimeout(lastTimer);
    if (isOver) return;
    isOver = true;
    say();
  }

  function take(line: string): void {
    if (!isKilled) timer.refresh();
    const said = JSON.parse(line) as number | string | StatsFs;
    if (typeof said === 'number') {
      begun = paths[said];
      listener.begins(begun!);
    } else {
      begun = undefined;
      answered++;
      listener.answers(said);
    }
  }

  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (!isOver) for (const line of lines) take(line);
  });
  child.on('error', (error) => over(() => listener.ends(error)));
  child.on('close', (code, signal) => {
    gone.resolve();
    over(() => {
      if (isKilled && begun !== undefined) listener.isSilent(begun);
      else if (answered === paths.length) listener.ends();
      else if (isKilled) listener.ends(new Error(`no process began within ${deadline / 1000} s`));
      else listener.ends(new Error(`a process ended by ${signal ?? `exit ${code}`}`));
    });
  });
  child.stdin!.on('error', () => {
    // It is gone; that is told by "close".
  });
  child.stdin!.write(`${JSON.stringify(paths)}\n`);
  return undefined;
}

/** A child of this Node, apart from the job: it has no variables, no terminal, and what is left of the CPU. */
function start(program: string): ChildProcess {
  // Not imported: loading it costs memory, and most machines need none.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(process.execPath, [...FLAGS, '--eval', program], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  for (const handle of [child, child.stdin, child.stdout] as unknown as readonly { unref(): void }[]) handle.unref();
  try {
    process.getBuiltinModule('node:os').setPriority(child.pid!, 19);
    // Where memory runs out, it goes first.
    writeFileSync(`/proc/${child.pid}/oom_score_adj`, '1000');
  } catch {
    // It did not start, or has ended already.
  }
  return child;
}

/**
 * The child's program, which knows nothing of this file: its text is what runs. It takes the paths in a line of JSON,
 * and writes for each its number, and then its sizes or an errno.
 */
function askAll(): void {
  const { promises, writeSync } = process.getBuiltinModule('node:fs');
  const say = (said: unknown) => writeSync(1, `${JSON.stringify(said)}\n`);
  // To end in good order is to wait for the thread that hangs.
  const die = () => process.kill(process.pid, 'SIGKILL');
  // Whoever asked kills us before that, unless he is stopped.
  const patience = setTimeout(die, 10_000);

  async function ask(paths: readonly string[]): Promise<void> {
    for (const [index, path] of paths.entries()) {
      patience.refresh();
      say(index);
      // A file has no "/.": what is mounted on one is no place of a file system.
      say(await promises.statfs(`${path}/.`).catch((error: NodeJS.ErrnoException) => error.code ?? 'error'));
    }
    die();
  }

  let text = '';
  process.stdin.setEncoding('utf8').on('data', (part) => {
    text += String(part);
    if (text.endsWith('\n')) void ask(JSON.parse(text) as string[]);
  });
  // Whoever asked is gone.
  process.stdin.on('end', die).on('error', die);
}
