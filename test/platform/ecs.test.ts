import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { ecs } from '../../instrumentation/platform/ecs.ts';
import { emitted } from '../support/emitted.ts';
import { bytesOf } from '../support/parser-table.ts';
import { type Answers, openPlatform } from './platform.ts';

const MIB = 2 ** 20;
const ADDRESS = 'http://169.254.170.2/v4/cd189a93-2495160603';
const fixture = (name: string) =>
  Uint8Array.from(readFileSync(path.join(import.meta.dirname, '../fixtures/made/ecs-fargate/0/ecs', `${name}.json`)));
const task = fixture('task');
const own = fixture('container');

const open = (t: TestContext, answers: Answers, address = ADDRESS) =>
  openPlatform(t, { ECS_CONTAINER_METADATA_URI_V4: address }, answers);

const OF_TASK = { source: 'ecs_task', file: 'limit of the ECS task' };
const OF_CONTAINER = { source: 'ecs_container', file: 'limit of the ECS container' };

test('the task’s limits and the container’s memory hold; the shares of CPU of a container are no limit', (t) => {
  const kernel = open(t, { [`${ADDRESS}/task`]: task, [ADDRESS]: own });
  const limits = ecs.read(kernel.host)!;
  assert.deepEqual(limits, {
    cpu: [{ value: 0.25, ...OF_TASK }],
    memory: [
      { value: 512 * MIB, ...OF_TASK },
      { value: 192 * MIB, ...OF_CONTAINER },
    ],
  });
  assert.deepEqual(emitted(ecs, limits), { taskCpuLimit: 0.25, taskMemoryLimit: 512 * MIB });
  assert.deepEqual(kernel.takeFailures(), []);
});

test('a slash at the end of the address is nothing', (t) => {
  const kernel = open(t, { [`${ADDRESS}/task`]: task, [ADDRESS]: own }, `${ADDRESS}/`);
  assert.notEqual(ecs.read(kernel.host)?.memory, 'unknown');
});

test('without the variable nobody is asked', (t) => {
  const kernel = openPlatform(t, {}, {});
  assert.equal(ecs.read(kernel.host), undefined);
});

test('what has not answered leaves the limits unknown that it would tell', (t) => {
  const none = open(t, {});
  assert.deepEqual(ecs.read(none.host), { cpu: 'unknown', memory: 'unknown' });
  assert.deepEqual(emitted(ecs, ecs.read(none.host)!), {});
  const taskOnly = open(t, { [`${ADDRESS}/task`]: task });
  const limits = ecs.read(taskOnly.host);
  assert.deepEqual(
    [limits?.cpu, limits?.memory],
    [[{ value: 0.25, ...OF_TASK }], 'unknown'],
    'the container’s may be less',
  );
  assert.deepEqual(none.takeFailures(), []);
});

test('a task without limits, as on EC2, has none: that is known', (t) => {
  const kernel = open(t, {
    [`${ADDRESS}/task`]: bytesOf('{"LaunchType":"EC2"}'),
    [ADDRESS]: bytesOf('{"Limits":{"CPU":2}}'),
  });
  assert.deepEqual(ecs.read(kernel.host), { cpu: [], memory: [] });
});

test('an answer that cannot be understood, or an error, is unknown and counted each time', (t) => {
  const kernel = open(t, { [`${ADDRESS}/task`]: bytesOf('{"Limits":{"CPU":"1"}}'), [ADDRESS]: new Error('refused') });
  for (let tick = 0; tick < 2; tick++) {
    assert.deepEqual(ecs.read(kernel.host), { cpu: 'unknown', memory: 'unknown' });
    assert.deepEqual(
      kernel.takeFailures().map(({ path, type }) => [path, type]),
      [
        [`${ADDRESS}/task`, 'parse'],
        [ADDRESS, 'ask'],
      ],
    );
  }
});

test('an answer is parsed once, and a newer one anew', (t) => {
  const answers: Record<string, Uint8Array> = {
    [`${ADDRESS}/task`]: bytesOf('{"Limits":{"CPU":1}}'),
    [ADDRESS]: bytesOf('{}'),
  };
  const kernel = open(t, answers);
  const parse = t.mock.method(JSON, 'parse');
  for (let tick = 0; tick < 5; tick++) ecs.read(kernel.host);
  assert.equal(parse.mock.callCount(), 2);
  answers[`${ADDRESS}/task`] = bytesOf('{"Limits":{"CPU":2}}');
  assert.deepEqual(ecs.read(kernel.host), { cpu: [{ value: 2, ...OF_TASK }], memory: [] });
  assert.equal(parse.mock.callCount(), 3);
});

test('a task keeps its limits for life: what was told stays while the endpoint is silent', () => {
  const known = { cpu: [{ value: 1, ...OF_TASK }], memory: [{ value: 2, ...OF_TASK }] } as Parameters<
    NonNullable<typeof ecs.settle>
  >[0];
  assert.deepEqual(ecs.settle?.(known, { cpu: 'unknown', memory: 'unknown' }), known);
  assert.deepEqual(ecs.settle?.(known, { cpu: [], memory: 'unknown' }), { cpu: [], memory: known.memory });
  assert.deepEqual(ecs.settle?.({ cpu: 'unknown', memory: 'unknown' }, known), known);
});
