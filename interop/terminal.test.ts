import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { agent, root, run } from '../test/support/process.ts';

// Ctrl-S, a terminal of docker that nobody looks at: what is not read must not stop the agent.

test('a terminal that nobody reads holds up neither the agent nor its end', async () => {
  const script = path.join(root, 'interop/terminal.py');
  const { code, stdout, stderr } = await run('/usr/bin/python3', [script, agent, '--interval', '100ms'], {
    OTEL_METRICS_EXPORTER: 'console',
    OTEL_METRIC_EXPORT_INTERVAL: '100',
  });
  assert.equal(code, 0, stderr);
  const ending = JSON.parse(stdout) as { code: number | null; seconds: number };
  assert.equal(ending.code, 0, stdout);
  assert.ok(ending.seconds < 9, stdout);
});
