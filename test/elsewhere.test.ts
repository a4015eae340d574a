import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { createElsewhere, type Elsewhere } from '../src/elsewhere.ts';
import { createFakeClock } from './support/clock.ts';
import { collectingLog } from './support/log.ts';
import { ended, until } from './support/process.ts';

/** Our children that run this Node with a program; a test run has no others of that kind. */
function children(): readonly string[] {
  return readdirSync(`/proc/${process.pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${process.pid}/task/${task}/children`, 'latin1').split(' ').filter(isAlive),
  );
}

function isAlive(pid: string): boolean {
  try {
    return pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('jobmeter-statfs');
  } catch {
    return false;
  }
}

function directory(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'jobmeter-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The real program, but a path that ends with "hung" hangs as long as the file "hang" beside it is there. */
const HANGS = `
  const { existsSync, promises } = process.getBuiltinModule('node:fs');
  const { statfs } = promises;
  promises.statfs = async (path) => {
    const name = path.slice(0, -2);
    if (name.endsWith('hung') && existsSync(name + '/../hang')) await new Promise(() => {});
    return statfs(path);
  };
`;

function open(options: { deadline?: number; before?: string } = {}) {
  const clock = createFakeClock();
  const log = collectingLog();
  const { before = '', ...rest } = options;
  const elsewhere = createElsewhere(clock, log, { ...rest, before });
  return { ...elsewhere, clock, log };
}

async function answers({ statfs, settled }: Elsewhere, paths: readonly string[]): Promise<readonly string[]> {
  statfs(paths);
  await settled();
  return [...statfs(paths).keys()];
}

test('what a child says is what this process would be told', async (t) => {
  const made = directory(t);
  const elsewhere = open();
  assert.equal(elsewhere.statfs([made, '/proc']).size, 0, 'nobody waits');
  await elsewhere.settled();
  const { blocks, bsize, files } = statfsSync(made);
  const found = elsewhere.statfs([made, '/proc']);
  assert.equal(found.get(made)?.total, blocks * bsize);
  assert.equal(found.get(made)?.files, files);
  assert.equal(found.get('/proc')?.total, 0);
  assert.deepEqual(elsewhere.log.lines, []);
});

test('nothing is started where there is nothing to ask', async () => {
  const elsewhere = open();
  assert.equal(elsewhere.statfs([]).size, 0);
  assert.deepEqual(children(), []);
  await elsewhere.settled();
});

test('a path that is gone, or is a file, is absent without a word; one that comes later is asked in its turn', async (t) => {
  const made = directory(t);
  writeFileSync(path.join(made, 'file'), '');
  const elsewhere = open();
  const paths = ['/', path.join(made, 'nothing'), path.join(made, 'file'), path.join(made, 'имя \n"x')];
  assert.deepEqual(await answers(elsewhere, paths), ['/']);
  assert.deepEqual(await answers(elsewhere, [...paths, made]), ['/'], 'not before a minute is over');
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, [...paths, made]), ['/', made]);
  assert.deepEqual(elsewhere.log.lines, []);
});

test('an answer is kept for three minutes, and forgotten with its mount', async (t) => {
  const made = directory(t);
  const elsewhere = open();
  assert.deepEqual(await answers(elsewhere, ['/', made]), ['/', made]);
  elsewhere.clock.stall(59_000);
  assert.deepEqual([...elsewhere.statfs([made]).keys()], [made]);
  assert.deepEqual([...elsewhere.statfs(['/', made]).keys()], [made], 'it was gone in between');
  rmSync(made, { recursive: true });
  elsewhere.clock.stall(1000);
  assert.deepEqual(await answers(elsewhere, ['/', made]), ['/'], 'an error takes the place of an answer');
});

test('a child gets one line for each path, nothing of our variables, and the lowest priority; where memory runs out it goes first', async (t) => {
  const file = path.join(directory(t), 'seen');
  const before = `process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.env, process.cwd(), process.argv.length]));`;
  process.env['NODE_OPTIONS'] = '';
  t.after(() => delete process.env['NODE_OPTIONS']);
  const elsewhere = open({ before: `${before} setTimeout(() => {}, 1e9);` });
  elsewhere.statfs(['/']);
  const [child] = await until('a child', () => (children().length > 0 ? children() : undefined));
  const stat = readFileSync(`/proc/${child}/stat`, 'latin1').split(') ')[1]!.split(' ');
  assert.equal(stat[16], '19');
  assert.equal(readFileSync(`/proc/${child}/oom_score_adj`, 'latin1'), '1000\n');
  assert.equal(stat[3], child, 'a session of its own: Ctrl-C is not for it');
  await elsewhere.settled();
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [{}, '/', 1]);
  assert.deepEqual(elsewhere.statfs(['/']).size, 1);
});

test('one that hangs is killed, left out and said once; the others are asked all the same; it is said once when it is back', async (t) => {
  const made = directory(t);
  const hung = mkdtempSync(path.join(made, 'a-')) + 'hung';
  const hang = path.join(made, 'hang');
  writeFileSync(hang, '');
  mkdirSync(hung);
  const elsewhere = open({ deadline: 2000, before: HANGS });
  assert.deepEqual(await answers(elsewhere, [hung, '/', made]), ['/', made]);
  assert.deepEqual(children(), []);
  const said = [`warning: the file system at ${hung} does not answer; its sizes are left out`];
  assert.deepEqual(elsewhere.log.lines, said);
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, [hung, '/', made]), ['/', made]);
  assert.deepEqual(elsewhere.log.lines, said);
  rmSync(hang);
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, [hung, '/', made]), [hung, '/', made]);
  assert.deepEqual(elsewhere.log.lines, [...said, `the file system at ${hung} answers again`]);
});

test('of many that hang four are waited for in a round, and those that were not asked come first in the next one', async (t) => {
  const made = directory(t);
  writeFileSync(path.join(made, 'hang'), '');
  const hung = ['a', 'b', 'c', 'd', 'e'].map((name) => path.join(made, `${name}hung`));
  for (const mount of hung) mkdirSync(mount);
  const elsewhere = open({ deadline: 1000, before: HANGS });
  assert.deepEqual(await answers(elsewhere, [...hung, '/']), []);
  assert.equal(elsewhere.log.lines.length, 4);
  elsewhere.clock.stall(60_000);
  await until('the one that was not asked', () => (elsewhere.statfs(['/', ...hung]).has('/') ? true : undefined), 5);
  await elsewhere.settled();
  assert.equal(elsewhere.log.lines.length, 5);
});

test('what was known of one that hangs now goes after three minutes', async (t) => {
  const made = directory(t);
  const hung = path.join(made, 'hung');
  mkdirSync(hung);
  const elsewhere = open({ deadline: 2000, before: HANGS });
  assert.deepEqual(await answers(elsewhere, [hung]), [hung]);
  writeFileSync(path.join(made, 'hang'), '');
  elsewhere.clock.stall(180_000);
  assert.deepEqual(await answers(elsewhere, [hung]), [hung]);
  elsewhere.clock.stall(1);
  assert.equal(elsewhere.statfs([hung]).size, 0);
});

test('a machine that is too busy to start a process puts no blame on a mount', async () => {
  const elsewhere = open({ deadline: 300, before: 'for (;;);' });
  assert.deepEqual(await answers(elsewhere, ['/']), []);
  assert.deepEqual(elsewhere.log.lines, [
    'warning: cannot ask for the sizes of /: no process began within 0.3 s; they are left out (said once)',
  ]);
  assert.deepEqual(children(), []);
});

test('a child that cannot do its work is said once', async () => {
  const elsewhere = open({ before: 'process.exit(3);' });
  const said = ['warning: cannot ask for the sizes of /: a process ended by exit 3; they are left out (said once)'];
  assert.deepEqual(await answers(elsewhere, ['/']), []);
  assert.deepEqual(elsewhere.log.lines, said);
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, ['/']), []);
  assert.deepEqual(elsewhere.log.lines, said);
});

/** A program that has a child which hangs; it writes the child's id and goes on with `then`. */
const PARENT = (then: string) => `
  import { createElsewhere } from ${JSON.stringify(path.resolve(import.meta.dirname, '../src/elsewhere.ts'))};
  import { readFileSync } from 'node:fs';
  const log = { info() {}, warn() {} };
  createElsewhere({ monotonic: () => 1e6 }, log, { before: 'process.getBuiltinModule("node:fs").promises.statfs = () => new Promise(() => {});' }).statfs(['/']);
  console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'latin1').trim().split(' ').at(-1));
  ${then}
`;

for (const [name, then, signal] of [
  ['comes to its end', '', undefined],
  ['is killed', 'setInterval(() => {}, 1000);', 'SIGKILL'],
] as const) {
  test(`while a child hangs a process that ${name} is gone at once, and the child with it`, async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT(then)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const began = performance.now();
    const over = ended(parent);
    const child = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (text) => resolve(String(text).trim())),
    );
    assert.match(child, /^\d+$/);
    if (signal !== undefined) parent.kill(signal);
    await over;
    assert.ok(performance.now() - began < 3000, 'long before the deadline of 5 s');
    await until(
      'the child to end',
      () => (existsSync(`/proc/${child}/cmdline`) && isAlive(child) ? undefined : true),
      3,
    );
  });
}
