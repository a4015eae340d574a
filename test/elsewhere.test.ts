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
import type { ContainerMemory } from '../instrumentation/cgroup/use.ts';
import type { HostMemory } from '../instrumentation/host/memory.ts';
import { hasRoomForChild } from '../src/room.ts';
import { createElsewhere } from '../src/elsewhere.ts';
import { createFakeClock } from './support/clock.ts';
import { collectingLog } from './support/log.ts';
import { ended, until } from './support/process.ts';
import { sample, type World } from './support/sample.ts';

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

function open(options: Parameters<typeof createElsewhere>[2] = {}) {
  const clock = createFakeClock();
  const log = collectingLog();
  const { statfs, settled } = createElsewhere(clock, log, options);
  return {
    statfs: (paths: readonly string[], identity = 'first') => statfs(paths.map((at) => ({ path: at, identity }))),
    settled,
    clock,
    log,
  };
}

type Opened = Pick<ReturnType<typeof open>, 'statfs' | 'settled'>;

async function answers({ statfs, settled }: Opened, paths: readonly string[]): Promise<readonly string[]> {
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

test('an answer is kept for three minutes, however long the next round takes', async () => {
  const elsewhere = open();
  assert.deepEqual(await answers(elsewhere, ['/']), ['/']);
  elsewhere.clock.stall(180_000);
  assert.deepEqual([...elsewhere.statfs(['/']).keys()], ['/']);
  elsewhere.clock.stall(1);
  assert.equal(elsewhere.statfs(['/']).size, 0);
  await elsewhere.settled();
  assert.deepEqual([...elsewhere.statfs(['/']).keys()], ['/']);
});

test('an answer is forgotten with its mount', async (t) => {
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

test('what was known of one that hangs now is not told any longer, as is said', async (t) => {
  const made = directory(t);
  const hung = path.join(made, 'hung');
  mkdirSync(hung);
  const elsewhere = open({ deadline: 2000, before: HANGS });
  assert.deepEqual(await answers(elsewhere, [hung, '/']), [hung, '/']);
  writeFileSync(path.join(made, 'hang'), '');
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, [hung, '/']), ['/']);
  assert.deepEqual(elsewhere.log.lines, [
    `warning: the file system at ${hung} does not answer; its sizes are left out`,
  ]);
});

test('what was known is not told any longer when no child can ask', async (t) => {
  const made = directory(t);
  const file = path.join(made, 'broken');
  const elsewhere = open({
    before: `if (process.getBuiltinModule('node:fs').existsSync(${JSON.stringify(file)})) process.exit(3);`,
  });
  assert.deepEqual(await answers(elsewhere, ['/', made]), ['/', made]);
  writeFileSync(file, '');
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, ['/', made]), []);
  assert.equal(elsewhere.log.lines.length, 1);
});

test('another file system at the same path has none of the sizes of the former one', async (t) => {
  const made = directory(t);
  const elsewhere = open();
  assert.deepEqual(await answers(elsewhere, [made, '/']), [made, '/']);
  assert.equal(elsewhere.statfs([made, '/'], 'second').size, 0);
  elsewhere.clock.stall(60_000);
  elsewhere.statfs([made, '/'], 'second');
  await elsewhere.settled();
  assert.deepEqual([...elsewhere.statfs([made, '/'], 'second').keys()], [made, '/']);
});

test('nor has it the answer, or the silence, of a round that was under way for the former one', async (t) => {
  const made = directory(t);
  const hung = path.join(made, 'hung');
  writeFileSync(path.join(made, 'hang'), '');
  mkdirSync(hung);
  const elsewhere = open({ deadline: 1000, before: HANGS });
  elsewhere.statfs(['/', hung], 'first');
  elsewhere.statfs(['/', hung], 'second');
  await elsewhere.settled();
  assert.equal(elsewhere.statfs(['/', hung], 'second').size, 0);
  assert.deepEqual(elsewhere.log.lines, []);
});

test('no child is started without room for it; that is said, and said when there is room again', async (t) => {
  const made = directory(t);
  const file = path.join(made, 'started');
  const before = `process.getBuiltinModule('node:fs').appendFileSync(${JSON.stringify(file)}, 'x');`;
  let room = true;
  const elsewhere = open({ before, hasRoom: () => room });
  const started = () => readFileSync(file, 'latin1').length;
  assert.deepEqual(await answers(elsewhere, ['/', made]), ['/', made]);
  assert.deepEqual([started(), elsewhere.log.lines], [1, []]);
  room = false;
  for (let round = 0; round < 3; round++) {
    elsewhere.clock.stall(60_000);
    assert.deepEqual(await answers(elsewhere, ['/', made]), [], 'what was known is not told any longer');
  }
  const said = [
    `warning: the sizes of /, ${made} are left out: a process that asks for them needs more memory than is known to be free`,
  ];
  assert.deepEqual([started(), elsewhere.log.lines], [1, said]);
  room = true;
  assert.deepEqual(await answers(elsewhere, ['/', made]), [], 'not before a minute is over');
  elsewhere.clock.stall(60_000);
  assert.deepEqual(await answers(elsewhere, ['/', made]), ['/', made]);
  assert.deepEqual([started(), elsewhere.log.lines], [2, [...said, 'file systems are asked for their sizes again']]);
});

test('nor is the next child of a round, after one that hung', async (t) => {
  const made = directory(t);
  const hung = path.join(made, 'hung');
  writeFileSync(path.join(made, 'hang'), '');
  mkdirSync(hung);
  let rooms = 1;
  const elsewhere = open({ deadline: 1000, before: HANGS, hasRoom: () => rooms-- > 0 });
  assert.deepEqual(await answers(elsewhere, [hung, '/']), []);
  assert.equal(elsewhere.log.lines.length, 2);
  assert.match(elsewhere.log.lines[1]!, /needs more memory/);
});

/** As {@link HANGS}, but the end of a child is not seen as long as the file is there: so it is with one in state D. */
const CANNOT_BE_KILLED = `
  const { existsSync, promises } = process.getBuiltinModule('node:fs');
  const { statfs } = promises;
  promises.statfs = async (path) => {
    const name = path.slice(0, -2);
    const hang = name + '/../hang';
    if (name.endsWith('hung') && existsSync(hang)) {
      const stdio = ['ignore', 'inherit', 'ignore'];
      const script = 'while test -e "$0"; do sleep 0.1; done';
      process.getBuiltinModule('node:child_process').spawn('/bin/sh', ['-c', script, hang], { stdio, detached: true });
      await new Promise(() => {});
    }
    return statfs(path);
  };
`;

test('when four children can neither ask nor be killed all sizes are left out; that is said once, and when it is over', async (t) => {
  const made = directory(t);
  const hung = ['a', 'b', 'c', 'd'].map((name) => path.join(made, `${name}hung`));
  for (const mount of hung) mkdirSync(mount);
  const all = [...hung, '/'];
  const elsewhere = open({ deadline: 1000, before: CANNOT_BE_KILLED });
  assert.deepEqual(await answers(elsewhere, all), all);
  writeFileSync(path.join(made, 'hang'), '');
  for (let round = 0; round < 3; round++) {
    elsewhere.clock.stall(60_000);
    assert.deepEqual(await answers(elsewhere, all), []);
  }
  const said = [
    ...hung.map((mount) => `warning: the file system at ${mount} does not answer; its sizes are left out`),
    `warning: the sizes of ${all.join(', ')} are left out: 4 processes that asked hang, and cannot be killed`,
  ];
  assert.deepEqual(elsewhere.log.lines, said);
  rmSync(path.join(made, 'hang'));
  await until(
    'all to answer again',
    async () => {
      elsewhere.clock.stall(60_000);
      return (await answers(elsewhere, all)).length === all.length ? true : undefined;
    },
    5,
  );
  assert.deepEqual(
    new Set(elsewhere.log.lines.slice(said.length)),
    new Set([
      'file systems are asked for their sizes again',
      ...hung.map((mount) => `the file system at ${mount} answers again`),
    ]),
  );
});

const MiB = 1024 * 1024;

/** A container that is limited to 100 MiB, on a host that has more. */
function inContainer(own: Partial<ContainerMemory>, host: HostMemory = { available: 500 * MiB }): World {
  const limits = [{ value: 100 * MiB, source: 'cgroup_memory', file: 'memory.max' }] as const;
  return {
    memory: { total: 1000 * MiB, ...host },
    container: { memory: { path: '/a', limits, ownLimit: 100 * MiB, ...own } },
  };
}

const ROOMS: readonly (readonly [what: string, is: boolean, world: World])[] = [
  ['a host with enough', true, { memory: { total: 500 * MiB, available: 96 * MiB } }],
  ['a host with less', false, { memory: { total: 500 * MiB, available: 96 * MiB - 1 } }],
  ['a host that does not tell what is available', false, { memory: { total: 500 * MiB } }],
  ['a container with enough', true, inContainer({ workingSet: 4 * MiB })],
  ['a container with less', false, inContainer({ workingSet: 4 * MiB + 1 })],
  ['a container whose limit it shares with others', false, inContainer({ workingSet: 1, ownLimit: 200 * MiB })],
  ['a container that does not tell its use', false, inContainer({})],
  ['a container of which a limit is unknown', false, inContainer({ workingSet: 1, limits: 'unknown' })],
  ['a container on a host with less', false, inContainer({ workingSet: 1 }, { available: 96 * MiB - 1 })],
  [
    'a container that cannot be seen',
    false,
    { memory: { total: 1000 * MiB, available: 500 * MiB }, container: { isHidden: true } },
  ],
  ['a host whose memory is unknown', false, {}],
];

for (const [what, is, world] of ROOMS) {
  test(`${what} has ${is ? '' : 'no '}room for a child`, () => {
    assert.equal(hasRoomForChild(sample(0, world), {}), is);
  });
}

test('nothing has room for a child before the first sample, nor what the user limits to less', () => {
  assert.equal(hasRoomForChild(undefined, {}), false);
  const limit = { value: 99 * MiB, source: 'configured', file: 'x' } as const;
  assert.equal(hasRoomForChild(sample(0, inContainer({ workingSet: 4 * MiB })), { memory: limit }), false);
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
  createElsewhere({ monotonic: () => 1e6 }, log, { before: 'process.getBuiltinModule("node:fs").promises.statfs = () => new Promise(() => {});' }).statfs([{ path: '/', identity: '' }]);
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
