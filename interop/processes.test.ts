import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { ended } from '../test/support/process.ts';
import { between, bracket, eventually, type Ours, says } from './theirs.ts';

const STOPPED = 3;
const DEFUNCT = 5;
const SLEEPING = 60;

/** A shell that has so many children in each of these states; a zombie lasts as long as a parent that does not ask. */
async function startProcesses(t: TestContext): Promise<void> {
  const script = `
    for n in $(seq ${STOPPED}); do sleep 1000 & kill -STOP $!; done
    for n in $(seq ${SLEEPING}); do sleep 1000 & done
    for n in $(seq ${DEFUNCT}); do (true & exec sleep 1000) & done
    echo started
    exec tail -f /dev/null`;
  const shell = spawn('sh', ['-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const over = ended(shell);
  t.after(async () => {
    // All of its group: who is stopped ends only by this.
    process.kill(-shell.pid!, 'SIGKILL');
    await over;
  });
  await once(shell.stdout, 'data');
}

/** How many processes are in each state by ps(1), itself left out. */
async function ps(): Promise<ReadonlyMap<string, number>> {
  const states = new Map(Array.from('RSDITtZX', (letter) => [letter, 0]));
  const lines = (await says('ps', '-A', '-o', 'stat=,args=')).trim().split('\n');
  for (const line of lines) {
    if (/ ps -A -o /.test(line)) continue;
    states.set(line[0]!, (states.get(line[0]!) ?? 0) + 1);
  }
  return states;
}

const countOf = (ours: Ours, state: string) => ours.value('system.process.count', { 'process.state': state });

test('processes by state are those of ps(1)', async (t) => {
  await startProcesses(t);
  await eventually(async () => {
    const { before, ours, after } = await bracket(ps);
    const sum = (states: ReadonlyMap<string, number>, letters: string) =>
      letters.split('').reduce((sum, letter) => sum + states.get(letter)!, 0);
    assert.equal(sum(before, 'Tt'), sum(after, 'Tt'));
    assert.equal(countOf(ours, 'stopped'), sum(after, 'Tt'));
    assert.equal(sum(before, 'ZX'), sum(after, 'ZX'));
    assert.equal(countOf(ours, 'defunct'), sum(after, 'ZX'));
    assert.ok(countOf(ours, 'stopped') >= STOPPED && countOf(ours, 'defunct') >= DEFUNCT);
    // Who runs at one moment sleeps at the next; the agent counts itself, which ps did not see.
    const awake = countOf(ours, 'running') + countOf(ours, 'sleeping') - 1;
    const [one, other] = [sum(before, 'RSDI'), sum(after, 'RSDI')];
    between('running and sleeping', awake, Math.min(one, other), Math.max(one, other));
    assert.ok(countOf(ours, 'sleeping') >= SLEEPING && countOf(ours, 'running') >= 1);
  });
});
