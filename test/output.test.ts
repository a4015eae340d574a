import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type OtlpRequest, points } from './support/otlp.ts';
import { agent, ended, freePort, root, run, until } from './support/process.ts';
import { createTree } from './support/tree.ts';

// What the agent writes while nobody reads it.

test('the console exporter loses nothing to a reader that stops: records wait, and no line is torn', async (t) => {
  const tree = createTree({});
  t.after(() => tree.remove());
  const fifo = path.join(tree.root, 'stderr');
  await run('mkfifo', [fifo]);
  const port = await freePort();
  const child = spawn(
    'sh',
    ['-c', `exec "$@" 2>"$FIFO"`, 'sh', agent, '--interval', '100ms', '--http-port', String(port)],
    {
      env: {
        ...process.env,
        FIFO: fifo,
        OTEL_METRICS_EXPORTER: 'console,prometheus',
        OTEL_METRIC_EXPORT_INTERVAL: '100',
      },
      stdio: 'ignore',
    },
  );
  t.after(() => child.kill('SIGKILL'));
  const over = ended(child);
  const reader = await open(fifo);
  // A record has 20 KB, and the pipe takes 64.
  await until('some twenty exports that nobody reads', async () => {
    const page = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    );
    return Number(/^jobmeter_samples_taken_total\{.*\} (\d+)$/m.exec(page)?.[1]) >= 20 || undefined;
  });
  const reading = reader.readFile('utf8');
  child.kill('SIGTERM');
  const [{ code }, text] = await Promise.all([over, reading]);
  assert.equal(code, 0);
  const documents = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const taken = documents
    .filter((document) => 'resourceMetrics' in document)
    .flatMap((document) => points(document as OtlpRequest).filter(({ name }) => name === 'jobmeter.samples.taken'))
    .map(({ value }) => value);
  assert.ok(taken.length >= 20, text.replaceAll(/^{"resource.*$/gm, 'record'));
  assert.deepEqual(
    taken,
    taken.map((_, n) => n),
    'each record says how many were taken before it',
  );
});

test('the job’s NODE_OPTIONS are not the meter’s', async () => {
  const missing = path.join(root, 'no-such-file.js');
  const { code, stderr } = await run(agent, ['--version'], { NODE_OPTIONS: `--require ${missing}` });
  assert.equal(code, 0, stderr);
});
