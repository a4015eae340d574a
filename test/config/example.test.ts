// otel-config.yaml: complete, and the same as no file at all; and what becomes of it when it is mangled.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mergeHeadersConfig, mergeResourceAttributesConfig, parseConfigFile } from '@opentelemetry/configuration';
import fc from 'fast-check';
import { namesOf } from '../../src/config/setting.ts';
import { schema } from '../../src/settings.ts';
import { root } from '../support/process.ts';
import { attempt, attemptAll, yamlOf } from './attempt.ts';

const file = path.join(root, 'otel-config.yaml');
const example = readFileSync(file, 'utf8');

test('the example does what is done without a file', async () => {
  const { values, problems, warnings } = await attemptAll({ argv: ['--config', file] });
  const without = await attemptAll({});
  assert.deepEqual([problems, warnings], [[], []]);
  // What the Resource says by itself.
  const attributes = { 'service.name': 'jobmeter' };
  assert.deepEqual(values, { ...without.values, 'otel.config': file, 'otel.resource.attributes': attributes });
});

test('the example takes the variables that are usual', async () => {
  const env = {
    OTEL_SERVICE_NAME: 'train',
    OTEL_RESOURCE_ATTRIBUTES: 'a=1,service.name=other',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=2',
  };
  const { values } = await attemptAll({ argv: ['--config', file], env });
  assert.deepEqual(values?.['otel.resource.attributes'], { a: '1', 'service.name': 'train' });
  assert.deepEqual(values?.['otel.exporter.otlp.headers'], { a: '2' });
});

test('variables that the example puts in are not said to be without effect', async () => {
  const { warnings } = await attemptAll({ argv: ['--config', file], env: { OTEL_SERVICE_NAME: 'train' } });
  assert.deepEqual(warnings, []);
});

/** The paths of the keys of a file, those that are commented out as well: by their indentation. */
function keysOf(yaml: string): ReadonlySet<string> {
  const keys = new Set<string>();
  let above: readonly { readonly depth: number; readonly key: string }[] = [];
  for (const line of yaml.split('\n')) {
    const match = /^( *)(?:# )?( *)(- )?([\w/]+):(?: |$)/.exec(line);
    if (match === null) continue;
    const depth = match[1]!.length + match[2]!.length;
    const isItem = match[3] !== undefined;
    above = above.filter((block) => block.depth < depth);
    const key = `${above.at(-1)?.key ?? ''}${isItem ? '[]' : ''}.${match[4]}`;
    if (isItem) above = [...above, { depth, key: `${above.at(-1)?.key ?? ''}[]` }];
    above = [...above, { depth: isItem ? depth + 2 : depth, key }];
    keys.add(key.slice(1));
  }
  return keys;
}

test('every setting is in the example', () => {
  const there = keysOf(example);
  for (const [at, setting] of Object.entries(schema)) {
    const { keys } = namesOf(at, setting);
    // Both readers have it, and the page has its address; once is enough.
    const isThere = keys.some((key) => there.has(key));
    assert.ok(keys.length === 0 || isThere, `${at}: none of ${keys.join(', ')}`);
    if (at.startsWith('otel.') || keys.length > 1) continue;
    assert.ok(there.has(`distribution.jobmeter.${at}`), at);
  }
  for (const key of ['resource.attributes_list', 'meter_provider.readers[].periodic.exporter.console']) {
    assert.ok(there.has(key), key);
  }
});

test('OpenTelemetry’s package takes the example, and reads the same', async () => {
  const theirs = parseConfigFile(file);
  const { values } = await attempt({ argv: ['--config', file] });
  const [periodic, pull] = [theirs.meter_provider?.readers[0]?.periodic, theirs.meter_provider?.readers[1]?.pull];
  const otlp = periodic?.exporter.otlp_http;
  const page = pull?.exporter['prometheus/development'];
  const attributes = mergeResourceAttributesConfig(theirs.resource?.attributes, theirs.resource?.attributes_list);
  assert.deepEqual(
    {
      'otel.sdk.disabled': theirs.disabled,
      'otel.log.level': theirs.log_level,
      'otel.resource.attributes': Object.fromEntries((attributes ?? []).map(({ name, value }) => [name, value])),
      'otel.metric.export.interval': periodic?.interval,
      'otel.metric.export.timeout': periodic?.timeout,
      'otel.exporter.otlp.endpoint': otlp?.endpoint,
      'otel.exporter.otlp.protocol': `http/${otlp?.encoding}`,
      'otel.exporter.otlp.headers': mergeHeadersConfig(otlp?.headers, otlp?.headers_list) ?? {},
      'otel.exporter.otlp.compression': otlp?.compression,
      'otel.exporter.otlp.timeout': otlp?.timeout,
      'otel.exporter.otlp.temporality': otlp?.temporality_preference,
      'otel.exporter.otlp.histogram': otlp?.default_histogram_aggregation,
      'http.host': page?.host,
      'http.port': page?.port,
      'prometheus.scope_info': page?.scope_info_enabled,
      'prometheus.target_info': page?.['target_info_enabled/development'],
    },
    Object.fromEntries(
      Object.entries(values!).filter(
        ([at]) =>
          /^(otel\.(sdk|log|resource|metric|exporter)|prometheus|http\.(host|port))/.test(at) &&
          !/otel\.metrics|certificate|client/.test(at),
      ),
    ),
  );
});

/** What is loaded, or what is wrong, each in one line that can be printed. Anything else is thrown. */
async function assertWellBehaved(yaml: string): Promise<void> {
  const { problems, warnings, values } = await attemptAll({ yaml });
  assert.equal(values === undefined, problems.length > 0);
  for (const line of [...problems, ...warnings])
    assert.match(line, /^[^\p{Cc}\p{Bidi_Control}]+$/u, JSON.stringify(line));
}

const lines = example.split('\n').filter((line) => !/^ *#|^$/.test(line));
const scraps = [
  '&a',
  '*a',
  '<<: *a',
  '- ',
  '  ',
  '\t',
  ': ',
  '? ',
  '|',
  '>',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '!!int ',
  '---',
  '...',
  '%YAML 1.1',
  '${',
  '${A}',
  '$$',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\ud800',
  '"\\n": x',
  'a\u0085b: c',
  '__proto__: 1',
  'constructor:',
  '~',
  '.inf',
  '0x1f',
  '1e999',
  'readers:',
  'x'.repeat(5000),
];

test('whatever is in the file, it is loaded or refused in lines that can be printed', { timeout: 60_000 }, async () => {
  const scrap = fc.constantFrom(...scraps, ...lines);
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(scrap).map((parts) => parts.join('')),
    fc.array(scrap).map((parts) => `file_format: "1.0"\n${parts.join('\n')}`),
    fc.json().map((json) => `file_format: "1.0"\nmeter_provider: ${json}\n`),
    fc.jsonValue().map((value) => yamlOf('distribution.jobmeter', value)),
  );
  await fc.assert(fc.asyncProperty(texts, assertWellBehaved), {
    numRuns: 400,
    examples: [['"a\\nb": 1'], ['file_format: "1.0"\n"\\u001b[31m": 1'], ['file_format: "1.0"\nlog_level: "${A\\nB}"']],
  });
});

test('the example, mangled, is loaded or refused in lines that can be printed', { timeout: 60_000 }, async () => {
  const whole = lines.join('\n');
  const edit = fc.record({ at: fc.nat(whole.length), cut: fc.nat(20), put: fc.constantFrom('', ...scraps, ...lines) });
  const mangled = fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let text = whole;
    for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
    return text;
  });
  await fc.assert(fc.asyncProperty(mangled, assertWellBehaved), { numRuns: 400 });
  const swapped = fc.shuffledSubarray(lines).map((some) => some.join('\n'));
  await fc.assert(fc.asyncProperty(swapped, assertWellBehaved), { numRuns: 100 });
});

test('each of the example’s keys, left out, misspelt, or there twice', async () => {
  const own = lines.findIndex((line) => line.startsWith('distribution'));
  for (const [index, line] of lines.entries()) {
    const key = /^( *)(?:- )?([\w/]+):/.exec(line);
    if (key === null) continue;
    const misspelt = lines.with(index, line.replace(/:/, 'x:')).join('\n');
    const { problems } = await attemptAll({ yaml: misspelt });
    const isItem = /^ *- (name)/.test(line) || /^ +value/.test(line);
    assert.ok(problems.length > 0, line);
    if (!isItem && key[2] !== 'file_format') {
      assert.ok(
        problems.some((problem) => problem.includes(`${key[2]}x (`)),
        problems.join('\n'),
      );
    }
    if (line.endsWith(':') || line.includes('- ')) continue;
    const twice = lines.toSpliced(index, 0, line).join('\n');
    assert.match((await attemptAll({ yaml: twice })).problems.join('\n'), /^.*line \d+, column \d+: .*twice$/, line);
    if (index > own) await assertWellBehaved(lines.toSpliced(index, 1).join('\n'));
  }
});
