import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseRequest, points } from '../test/support/otlp.ts';
import { startReceiver } from '../test/support/receiver.ts';
import { agent, root, run } from '../test/support/process.ts';

test('protoc reads every request by the official schema, and as many points as we do', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'jobmeter-schema-'));
  const receiver = await startReceiver(t, () => ({}));
  t.after(() => rmSync(directory, { recursive: true }));
  const trees = ['v2-container', 'kubernetes-v2', 'v1-container', 'hybrid-host'].map((name) =>
    path.join(root, 'test/fixtures', name, '1'),
  );
  for (const tree of ['/', ...trees]) {
    for (const temporality of ['cumulative', 'delta']) {
      const { code, stderr } = await run(agent, ['--once', '--interval', '100ms', '--root-path', tree], {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=caf%C3%A9',
      });
      assert.equal(code, 0, stderr);
    }
  }
  assert.equal(receiver.requests.length, 2 * (trees.length + 1));
  for (const [index, { body }] of receiver.requests.entries()) {
    const file = path.join(directory, `${index}.json`);
    writeFileSync(file, body);
    const { code, stdout, stderr } = await run('sh', [path.join(root, 'interop/protoc.sh'), 'json', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^resource\{.*deployment\.environment\.name="café".*telemetry\.distro\.name="jobmeter"/m);
    assert.doesNotMatch(stdout, /no-value|no-points|no-data|unspecified|nan|inf/i);
    const lines = stdout.split('\n').filter((line) => / start=\d+ time=\d+ /.test(line));
    assert.equal(lines.length, points(parseRequest(body)).length);
  }
});
