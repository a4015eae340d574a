import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Host } from '../../instrumentation/source.ts';
import { systemClock } from '../../src/clock.ts';
import { openKernelFiles } from '../../src/host.ts';
import { createTree } from './tree.ts';

/** A Host on a tree of these files, or on the captured tree of this name (`hybrid-host/0`). */
export interface TreeHost {
  readonly host: Host;
  readonly root: string;
  /** The types of the failures since the last call. */
  failures(): readonly string[];
}

export function treeHost(t: TestContext, files: Readonly<Record<string, string>> | string): TreeHost {
  const isCaptured = typeof files === 'string';
  const { root, remove } = isCaptured
    ? { root: path.join(import.meta.dirname, '../fixtures', files), remove() {} }
    : createTree(files);
  const kernel = openKernelFiles(root, systemClock);
  t.after(() => {
    kernel.close();
    remove();
  });
  return { host: kernel.host, root, failures: () => kernel.takeFailures().map(({ type }) => type) };
}
