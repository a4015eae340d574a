// The children that ask for the sizes of file systems, seen from outside.

import { readdirSync, readFileSync } from 'node:fs';

/** Those of a process that are still there. One that was killed and hangs in the kernel has a thread in state D. */
export function askers(parent: number): ReadonlyMap<string, 'alive' | 'unkillable'> {
  const children = readdirSync(`/proc/${parent}/task`).flatMap((task) =>
    readFileSync(`/proc/${parent}/task/${task}/children`, 'latin1').trim().split(' '),
  );
  const found = new Map<string, 'alive' | 'unkillable'>();
  for (const pid of children) {
    const state = pid === '' || read(`/proc/${pid}/cmdline`).includes('silent-fuse') ? undefined : stateOf(pid);
    if (state !== undefined) found.set(pid, state);
  }
  return found;
}

/** Undefined of one that is gone. */
export function stateOf(pid: string): 'alive' | 'unkillable' | undefined {
  const states = list(`/proc/${pid}/task`).map(
    (task) => /^State:\s(\w)/m.exec(read(`/proc/${pid}/task/${task}/status`))?.[1],
  );
  if (states.includes('D')) return 'unkillable';
  return states.some((state) => state !== undefined && state !== 'Z' && state !== 'X') ? 'alive' : undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
