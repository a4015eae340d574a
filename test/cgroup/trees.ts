// Trees with a process in a cgroup, three levels below what is mounted.

import type { TestContext } from 'node:test';
import type { MetricSet, Source } from '../../instrumentation/source.ts';
import { systemClock } from '../../src/clock.ts';
import { type KernelFiles, openKernelFiles } from '../../src/host.ts';
import { emitted } from '../support/emitted.ts';
import { createTree } from '../support/tree.ts';

export type Files = Readonly<Record<string, string>>;

export const V2_MOUNT = '28 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const V1_MOUNT = '30 25 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu,cpuacct,cpuset,memory,pids,blkio\n';

/** The own cgroup and those above it; the last one is the root of what is mounted. */
const LEVELS = ['sys/fs/cgroup/a/b/c', 'sys/fs/cgroup/a/b', 'sys/fs/cgroup/a', 'sys/fs/cgroup'] as const;

export function within(directory: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [`${directory}/${file}`, content]));
}

export function open(t: TestContext, files: Files): KernelFiles {
  const tree = createTree(files);
  const kernel = openKernelFiles(tree.root, systemClock);
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  return kernel;
}

/** A process in /a/b/c, with the files of each level, its own first, and others by their path. */
export function openLevels(t: TestContext, version: 1 | 2, levels: readonly Files[], others: Files = {}): KernelFiles {
  return open(
    t,
    Object.assign(
      {
        'proc/self/cgroup': version === 1 ? '1:cpu,cpuacct,cpuset,memory,pids,blkio:/a/b/c\n' : '0::/a/b/c\n',
        'proc/self/mountinfo': version === 1 ? V1_MOUNT : V2_MOUNT,
        [`${LEVELS[0]}/`]: '',
      },
      ...levels.map((files, level) => within(LEVELS[level]!, files)),
      others,
    ) as Files,
  );
}

/** What a source makes of what is there now: "metric attribute" -> number. */
export function numbersOf<S>(source: Source<S>, { host }: KernelFiles): Readonly<Record<string, number>> {
  const snapshot = source.read(host);
  return snapshot === undefined ? {} : emitted(source as MetricSet<S>, snapshot);
}

/** Whose counters these are. */
export function identityOf<S>(source: Source<S>, { host }: KernelFiles): string | undefined {
  const snapshot = source.read(host);
  return snapshot === undefined ? undefined : source.identity?.(snapshot);
}

export const failuresOf = (kernel: KernelFiles): readonly string[] =>
  kernel.takeFailures().map(({ path, type }) => `${path.split('/').at(-1)} ${type}`);
