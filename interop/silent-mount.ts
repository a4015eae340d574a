// Runs in a mount namespace of its own: what src/elsewhere.ts does about a server that falls silent, on a real mount.
//
//   silent-mount.ts DIRECTORY    where that of silent-fuse.py is mounted; its orders go to DIRECTORY/../orders

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { createElsewhere } from '../src/elsewhere.ts';
import { createFakeClock } from '../test/support/clock.ts';
import { collectingLog } from '../test/support/log.ts';
import { until } from '../test/support/process.ts';
import { askers } from './askers.ts';

const mount = process.argv[2]!;
const clock = createFakeClock();
const log = collectingLog();
const elsewhere = createElsewhere(clock, log, { deadline: 2000 });
const statfs = (paths: readonly string[]) => elsewhere.statfs(paths.map((at) => ({ path: at, identity: at })));
const children = () => [...askers(process.pid).values()];
const order = (mode: string) => appendFileSync(path.join(mount, '../orders'), `${mode}\n`);

async function round(paths: readonly string[]): Promise<ReturnType<typeof elsewhere.statfs>> {
  clock.stall(60_000);
  statfs(paths);
  await elsewhere.settled();
  return statfs(paths);
}

const SIZES = { total: 1000 * 4096, free: 600 * 4096, available: 500 * 4096, files: 90, freeFiles: 30 };

assert.deepEqual((await round([mount])).get(mount), SIZES);
assert.deepEqual(children(), []);

// Silent, and whoever asks can be killed: he is.
order('leave');
assert.ok((await round([mount, '/'])).has('/'));
assert.deepEqual(children(), []);
const hung = `warning: the file system at ${mount} does not answer; its sizes are left out`;
assert.deepEqual(log.lines, [hung]);

order('answer');
assert.deepEqual((await round([mount])).get(mount), SIZES);
assert.deepEqual(log.lines, [hung, `the file system at ${mount} answers again`]);

// Silent, and whoever asks cannot be killed: he is left, no other one follows him, and the rest is asked all the same.
order('hold');
assert.deepEqual([...(await round([mount, '/'])).keys()], ['/'], 'what was known is not told any longer');
assert.deepEqual(children(), ['unkillable']);
assert.deepEqual(log.lines.slice(2), [hung]);
const known = statfs([mount, '/']).get('/');
await round([mount, '/']);
assert.deepEqual(children(), ['unkillable'], 'no other one for that mount');
assert.notEqual(statfs([mount, '/']).get('/'), known, 'the other one was asked again');

order('answer');
await until('the child to be gone', () => (children().length === 0 ? true : undefined), 5);
const again = await until('an answer', async () => (await round([mount, '/'])).get(mount), 5);
assert.deepEqual(again, SIZES);
assert.deepEqual(log.lines.slice(3), [`the file system at ${mount} answers again`]);
