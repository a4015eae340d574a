// What is said of a mistake must not repeat what may be a secret; and what is in files is tried before it is used.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { tokenOf } from '../../src/http/settings.ts';
import type { AgentConfig } from '../../src/settings.ts';
import { root } from '../support/process.ts';
import { createTree } from '../support/tree.ts';
import { attempt, attemptAll, problemsOf } from './attempt.ts';

const tls = (file: string) => path.join(root, 'test/fixtures/tls', file);
const tree = createTree({ token: 'from-the-file', 'junk.pem': 'no certificate', short: 'x' });
after(() => tree.remove());
const file = (name: string) => path.join(tree.root, name);

test('a key, a certificate or a token in the place of a file name is not repeated', async () => {
  const contents = [
    readFileSync(tls('server-key.pem'), 'utf8'),
    'hunter2hunter2',
    'aHVudGVyMg==/hunter2',
    '/hunter2\nhunter2',
  ];
  for (const name of [
    'JOBMETER_HTTP_TOKEN_FILE',
    'JOBMETER_HTTP_TLS_KEY_FILE',
    'OTEL_EXPORTER_OTLP_CLIENT_KEY',
    'OTEL_EXPORTER_OTLP_CERTIFICATE',
    'OTEL_CONFIG_FILE',
  ]) {
    for (const content of contents) {
      const { problems } = await attempt({ env: { [name]: content } });
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, /the name of a file is wanted here, not what is in it \(E\w+\); allowed is/);
      assert.doesNotMatch(problems[0]!, /hunter2|BEGIN|MII/);
    }
  }
});

test('whatever is wrong with a file, its values are not repeated', async () => {
  const example = readFileSync(path.join(root, 'otel-config.yaml'), 'utf8').replace(
    '# token: ...',
    'token: S3CRETS3CRET',
  );
  const damage = fc.tuple(
    fc.nat(example.length),
    fc.nat(20),
    fc.constantFrom(
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ':',
      '- ',
      '*',
      '&',
      '!',
      '|',
      '\t',
      '\n',
      '%',
      '@',
      '\\',
      '---\n',
      '',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (all) => {
      let yaml = example;
      for (const [at, length, text] of all) yaml = yaml.slice(0, at) + text + yaml.slice(at + length);
      const secrets = /S3CRET|3CRETS/;
      for (const problem of await problemsOf(yaml)) assert.doesNotMatch(problem, secrets);
    }),
    { numRuns: 300 },
  );
  for (const text of [
    '*S3CRET',
    '!S3CRET x',
    '|S3CRET',
    '"\\S3CRET"',
    '@S3CRET',
    '`S3CRET',
    '[a] S3CRET',
    '"a" S3CRET',
  ]) {
    const problems = await problemsOf(`file_format: "1.0"\ndistribution: {jobmeter: {http: {token: ${text}}}}\n`);
    assert.equal(problems.length, 1, `one fault is said: ${problems.join(' / ')}`);
    assert.doesNotMatch(problems[0]!, /S3CRET/);
  }
});

test('a file that is too large or nested too deeply is refused at once', { timeout: 20_000 }, async () => {
  const keys = Array.from({ length: 40_000 }, (_, n) => `k${n}: 1\n`).join('');
  assert.match((await problemsOf(`file_format: "1.0"\n${keys}`)).join(), /^FILE, line 1: larger than 128 KiB$/);
  const deep = `file_format: "1.0"\nresource: ${'['.repeat(30_000)}`;
  assert.equal((await problemsOf(deep)).length, 1);
});

test('certificates and keys are tried, and named', async () => {
  const junk = await attempt({ env: { OTEL_EXPORTER_OTLP_CERTIFICATE: file('junk.pem') } });
  assert.match(junk.problems.join(), /^OTEL_EXPORTER_OTLP_CERTIFICATE \(environment\): this file holds no certificate/);
  const other = await attemptAll({
    env: { JOBMETER_HTTP_TLS_CERT_FILE: tls('server.pem'), JOBMETER_HTTP_TLS_KEY_FILE: tls('client-key.pem') },
  });
  assert.match(
    other.problems.join(),
    /^JOBMETER_HTTP_TLS_CERT_FILE \(environment\) and JOBMETER_HTTP_TLS_KEY_FILE \(environment\): key values mismatch; allowed/,
  );
  const none = await attemptAll({
    env: { JOBMETER_HTTP_TLS_CERT_FILE: file('junk.pem'), JOBMETER_HTTP_TLS_KEY_FILE: tls('server-key.pem') },
  });
  assert.match(none.problems.join(), /: no start line; allowed are a certificate and its key in PEM/);
});

test('quotation marks that were left are pointed at', async () => {
  const { problems } = await attempt({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: '"http://collector:4318"' } });
  assert.match(problems.join(), /this is not allowed \(it begins with a quotation mark\); allowed is a URL/);
  const { values, warnings } = await attempt({ env: { OTEL_SERVICE_NAME: '"my job"' } });
  assert.equal(values?.['otel.service.name'], '"my job"');
  assert.match(warnings.join(), /^OTEL_SERVICE_NAME \(environment\): its quotation marks are taken as a part of it/);
});

test('headers that jobmeter writes itself are refused', async () => {
  for (const name of ['Content-Length', 'transfer-encoding', 'Connection', 'content-type']) {
    const { problems } = await attempt({ env: { OTEL_EXPORTER_OTLP_HEADERS: `${name}=x` } });
    assert.match(problems.join(), new RegExp(`${name} is a header that jobmeter writes itself`));
  }
});

test('an empty list where it would mean the default is refused', async () => {
  const own = (text: string) => `file_format: "1.0"\ndistribution:\n  jobmeter:\n    ${text}\n`;
  for (const key of ['metrics', 'devices']) assert.equal((await problemsOf(own(`${key}: []`))).length, 1, key);
  assert.deepEqual(await problemsOf(own('exclude: {metrics: []}')), []);
});

test('a page that is the only way out needs a port', async () => {
  const { problems } = await attemptAll({ env: { OTEL_METRICS_EXPORTER: 'prometheus', JOBMETER_HTTP_PORT: 'off' } });
  assert.match(problems.join(), /^JOBMETER_HTTP_PORT \(environment\): "off" leaves no way out/);
  assert.deepEqual((await attemptAll({ env: { JOBMETER_HTTP_PORT: 'off' } })).problems, []);
});

test('of a token and a file with one, the place that counts more wins', async () => {
  const yaml = 'file_format: "1.0"\ndistribution: {jobmeter: {http: {token: from-the-yaml}}}\n';
  const byFile = await attemptAll({ yaml, env: { JOBMETER_HTTP_TOKEN_FILE: file('token') } });
  assert.deepEqual(byFile.problems, []);
  assert.equal(tokenOf(byFile as unknown as AgentConfig), 'from-the-file');
  const byVariable = await attemptAll({
    yaml: yaml.replace('token: from-the-yaml', `token_file: ${JSON.stringify(file('token'))}`),
    env: { JOBMETER_HTTP_TOKEN: 'from-the-environment' },
  });
  assert.equal(tokenOf(byVariable as unknown as AgentConfig), 'from-the-environment');
});
