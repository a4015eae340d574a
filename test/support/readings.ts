import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Source } from '../../instrumentation/source.ts';
import { openKernelFiles, type ReadFailure, type Surroundings } from '../../src/host.ts';
import { createRunner } from '../../src/runner.ts';
import { createFakeClock } from './clock.ts';
import { emitted } from './emitted.ts';
import { createTree } from './tree.ts';

/** A source on a tree of its own that changes between readings. */
export interface SourceOnTree {
  /** What is exported of the next reading, long enough after the last that all is due; undefined where it says nothing. */
  next(): Readonly<Record<string, number>> | undefined;
  write(files: Readonly<Record<string, string>>): void;
  /** Files and directories. */
  remove(...paths: readonly string[]): void;
  readonly failures: readonly ReadFailure[];
  readonly root: string;
}

/** Reads a source as the agent does: with what it settles from reading to reading. */
export function onTree<S>(
  t: TestContext,
  source: Source<S>,
  files: Readonly<Record<string, string>>,
  surroundings?: Surroundings,
): SourceOnTree {
  const tree = createTree(files);
  const clock = createFakeClock();
  const kernel = openKernelFiles(tree.root, clock, surroundings);
  const failures: ReadFailure[] = [];
  const runner = createRunner([source], kernel, clock, (_, failure) => failures.push(failure));
  t.after(() => {
    kernel.close();
    tree.remove();
  });
  return {
    root: tree.root,
    failures,
    next() {
      clock.stall(120_000);
      const readings = source.isTicked ? runner.readTicked() : runner.readOthers();
      kernel.endTick();
      const reading = readings.get(source);
      return reading && emitted(source, reading.snapshot as S);
    },
    write(changed) {
      for (const [file, content] of Object.entries(changed)) {
        const where = path.join(tree.root, file);
        mkdirSync(path.dirname(where), { recursive: true });
        writeFileSync(where, content);
      }
    },
    remove(...paths) {
      for (const name of paths) rmSync(path.join(tree.root, name), { recursive: true });
    },
  };
}
