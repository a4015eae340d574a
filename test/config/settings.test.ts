// THE TABLE: every setting by every way in which it can be given. rows.ts has the texts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, namesOf, type Schema, type Setting, show } from '../../src/config/setting.ts';
import { schema } from '../../src/settings.ts';
import { attempt, FILE, type Outcome, yamlOf } from './attempt.ts';
import { type Row, rows, SECRET } from './rows.ts';

/** One name under which a setting is given. */
interface Way {
  readonly kind: 'flag' | 'own' | 'otel' | 'file';
  readonly name: string;
  /** As messages write it. */
  readonly written: string;
  readonly place: RegExp;
  readonly good: readonly (readonly [given: unknown, value: unknown])[];
}

interface Input {
  readonly env: Environment;
  readonly argv: readonly string[];
  readonly yaml?: string;
}

const settings: Schema = schema;

/** What wins comes first. With a file OTEL_ variables do not count: then they come last. */
function waysOf(path: string, setting: Setting<unknown>, row: Row): readonly Way[] {
  const { flag, variable, otelVariables, keys } = namesOf(path, setting);
  const way = (kind: Way['kind'], name: string, place: RegExp): Way => {
    return { kind, name, written: name.replaceAll('[]', '[0]'), place, good: row.own?.[name] ?? row.good };
  };
  const inFile = /^FILE, line \d+$/;
  return [
    ...(flag === undefined ? [] : [way('flag', flag, /^command line$/)]),
    ...(variable === undefined ? [] : [way('own', variable, /^environment$/)]),
    ...keys.map((key) => way('file', key, inFile)),
    ...otelVariables.map((name) => way('otel', name, /^environment$/)),
  ];
}

function give({ kind, name }: Way, given: unknown): Input {
  if (kind === 'flag') return { argv: [`${name}=${String(given)}`], env: {} };
  if (kind === 'file') return { argv: [], env: {}, yaml: yamlOf(name, given) };
  return { argv: [], env: { [name]: String(given) } };
}

function both(a: Input, b: Input): Input {
  const yaml = a.yaml ?? b.yaml;
  return { argv: [...a.argv, ...b.argv], env: { ...a.env, ...b.env }, ...(yaml !== undefined && { yaml }) };
}

/** No secret, no line break and no control character, whatever is said. */
function assertFitToPrint({ problems, warnings }: Outcome): void {
  for (const line of [...problems, ...warnings]) {
    assert.ok(!line.includes(SECRET), line);
    assert.doesNotMatch(line, /[\p{Cc}\p{Bidi_Control}]/u);
  }
}

async function said(input: Input): Promise<Outcome> {
  const outcome = await attempt(input);
  assertFitToPrint(outcome);
  return outcome;
}

const table = Object.entries(settings).map(([path, setting]) => {
  const row = rows[path];
  return { path, setting, row, ways: row === undefined ? [] : waysOf(path, setting, row) };
});

/** One test for every setting. */
function each(title: string, verify: (entry: (typeof table)[number]) => Promise<void>): void {
  for (const entry of table) test(`${entry.path}: ${title}`, () => verify(entry));
}

test('every setting has its row, and every row its setting', () => {
  assert.deepEqual(Object.keys(rows).toSorted(), Object.keys(schema).toSorted());
});

test('defaults', async () => {
  const { values, warnings, origins } = await said({ env: {}, argv: [] });
  for (const { path, row } of table) assert.deepEqual(values?.[path], row?.default, path);
  assert.deepEqual(warnings, []);
  assert.equal(origins.size, 0);
});

each('what is allowed is understood by every name, and it is known where it came from', async ({ path, ways }) => {
  for (const way of ways) {
    assert.ok(way.good.length > 0 || path === 'otel.config', way.name);
    for (const [given, value] of way.good) {
      const { values, origins, problems, warnings } = await said(give(way, given));
      const about = `${way.name} ${JSON.stringify(given)}`;
      assert.deepEqual(problems, [], about);
      assert.deepEqual(values?.[path], value, about);
      assert.deepEqual(warnings, [], about);
      const { name, place } = origins.get(path)!;
      assert.equal(name, way.written);
      assert.match(place.replace(FILE, 'FILE'), way.place);
    }
  }
});

each(
  'in the file numbers and words need no quotes, and a variable may stand in their place',
  async ({ path, ways }) => {
    for (const way of ways.filter(({ kind }) => kind === 'file')) {
      for (const [given, value] of way.good.filter((pair) => typeof pair[0] === 'string')) {
        const substituted = await said({ env: { GIVEN: String(given) }, argv: [], yaml: yamlOf(way.name, '${GIVEN}') });
        assert.deepEqual(substituted.values?.[path], value, `${way.name} ${String(given)}`);
        const plain = yamlOf(way.name, 'GIVEN').replace('"GIVEN"', String(given).trim());
        if (!/^[\w.]+$/.test(String(given).trim())) continue;
        assert.deepEqual((await said({ env: {}, argv: [], yaml: plain })).values?.[path], value, plain);
      }
    }
  },
);

test('a switch needs no value', async () => {
  for (const { path, setting } of table) {
    const { flag } = namesOf(path, setting);
    if (setting.placeholder !== undefined || flag === undefined) continue;
    assert.equal((await said({ env: {}, argv: [flag] })).values?.[path], true);
  }
});

each(
  'flag over own variable over file over OTEL_ variable, METRICS_ over the general one',
  async ({ path, row, ways }) => {
    for (const [i, stronger] of ways.entries()) {
      for (const weaker of ways.slice(i + 1)) {
        if (stronger.kind === 'file' && weaker.kind === 'file') continue;
        const [strong, weak] = differing(row!, stronger, weaker);
        if (strong === undefined || weak === undefined) continue;
        const { values, origins } = await said(both(give(stronger, strong[0]), give(weaker, weak[0])));
        assert.deepEqual(values?.[path], strong[1], `${stronger.name} over ${weaker.name}`);
        assert.equal(origins.get(path)?.name, stronger.written);
      }
    }
  },
);

const text = (value: unknown) => JSON.stringify(value);

/** A value for each of the two, so that it can be told which one counted. */
function differing(row: Row, a: Way, b: Way): readonly Way['good'][number][] {
  const first = a.good.find(([, value]) => text(value) !== text(row.default));
  const second = b.good.find(([, value]) => text(value) !== text(first?.[1]));
  return first === undefined || second === undefined ? [] : [first, second];
}

each('empty and blank are not set: what is weaker counts', async ({ path, row, ways }) => {
  for (const [i, way] of ways.entries()) {
    if (way.kind === 'flag') continue;
    for (const empty of way.kind === 'file' ? ['', null] : ['', '  ']) {
      const { values, problems, warnings } = await said(give(way, empty));
      assert.deepEqual(problems, [], way.name);
      assert.deepEqual(warnings, [], way.name);
      assert.deepEqual(values?.[path], row?.default, way.name);
      const weaker = ways.slice(i + 1).find(({ kind }) => kind !== 'file' && way.kind !== 'file');
      if (weaker === undefined) continue;
      const [given, value] = weaker.good[0]!;
      assert.deepEqual((await said(both(give(way, empty), give(weaker, given)))).values?.[path], value, way.name);
    }
  }
});

each(
  'what is malformed is refused by name, place and what is allowed; leniently in some OTEL_ variables',
  async ({ path, setting, row, ways }) => {
    for (const way of ways) {
      for (const bad of row!.bad) await assertRefused(path, setting, way, bad);
    }
  },
);

async function assertRefused(path: string, setting: Setting<unknown>, way: Way, bad: string): Promise<void> {
  const { values, problems, warnings } = await said(give(way, bad));
  const about = `${way.name} ${JSON.stringify(bad)}`;
  const isLenient = way.kind === 'otel' && setting.otel?.isLenient === true;
  const lines = (isLenient ? warnings : problems).map((line) => line.replaceAll(FILE, 'FILE'));
  assert.deepEqual([lines.length, isLenient ? problems.length : 0], [1, 0], `${about}: ${lines.join(' / ')}`);
  if (isLenient) assert.deepEqual(values?.[path], rows[path]?.default, about);
  const [, name, place] = /^(\S+) \(([^)]+)\): /.exec(lines[0]!) ?? [];
  assert.equal(name, way.written, about);
  assert.match(place!, way.place, about);
  // Where pairs have items of their own a text has the wrong shape.
  const hasTexts = way.good.every(([given]) => typeof given === 'string');
  if (hasTexts) assert.ok(lines[0]!.endsWith(`; allowed is ${setting.allowed}`), lines[0]);
  if (isLenient) assert.match(lines[0]!, /passed over/);
}

each(
  'what is malformed stands in for nothing weaker, unless it is passed over',
  async ({ path, setting, row, ways }) => {
    const [bad] = row!.bad;
    for (const [i, stronger] of bad === undefined ? [] : ways.entries()) {
      for (const weaker of ways.slice(i + 1).filter(({ good }) => good.length > 0)) {
        if (stronger.kind === 'file' || weaker.kind === 'file') continue;
        const [given, value] = weaker.good[0]!;
        const { values, problems } = await said(both(give(stronger, bad), give(weaker, given)));
        const isLenient = stronger.kind === 'otel' && setting.otel?.isLenient === true;
        assert.equal(problems.length, isLenient ? 0 : 1, stronger.name);
        if (isLenient) assert.deepEqual(values?.[path], value);
      }
    }
  },
);

each('what is weaker may be malformed, except in the file, which is read whole', async ({ path, row, ways }) => {
  const [bad] = row!.bad;
  for (const [i, stronger] of bad === undefined ? [] : ways.entries()) {
    for (const weaker of ways.slice(i + 1).filter(({ kind }) => kind !== 'file')) {
      const [given, value] = stronger.good[0] ?? [];
      if (given === undefined) continue;
      const { values, problems } = await said(both(give(stronger, given), give(weaker, bad)));
      assert.deepEqual(problems, [], `${stronger.name} over ${weaker.name}`);
      assert.deepEqual(values?.[path], value);
    }
  }
});

test('resource attributes are read pair by pair: a malformed one is named and skipped', async () => {
  const env = { OTEL_RESOURCE_ATTRIBUTES: 'a=1,bad,b=x%20y,=c,d=%zz, e = 2 ,__proto__=x' };
  const { values, warnings } = await said({ env, argv: [] });
  const pairs = Object.entries(values?.['otel.resource.attributes'] as object);
  assert.deepEqual(pairs, [
    ['a', '1'],
    ['b', 'x y'],
    ['e', '2'],
    ['__proto__', 'x'],
  ]);
  assert.deepEqual(
    warnings.map((line) => /^OTEL_RESOURCE_ATTRIBUTES \(environment\): "(.*?)" is skipped/.exec(line)?.[1]),
    ['bad', '=c', 'd=%zz'],
  );
});

test('in the file a malformed pair is refused', async () => {
  const { problems } = await said({ env: {}, argv: [], yaml: yamlOf('resource.attributes_list', 'a=1,bad') });
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^resource\.attributes_list \(.*, line \d+\): "bad"/);
});

test('secrets are not shown', async () => {
  for (const { path, setting, ways } of table.filter(({ setting }) => setting.isSecret)) {
    for (const { good } of ways) {
      for (const [, value] of good) assert.ok(!show(setting, value).includes(SECRET), path);
    }
    assert.equal(ways.filter(({ kind }) => kind === 'flag').length, 0, `${path}: a flag can be seen by others`);
  }
  const headers = show(schema['otel.exporter.otlp.headers'], { authorization: SECRET });
  assert.equal(headers, 'authorization=***');
  assert.equal(show(schema['otel.exporter.otlp.endpoint'], `http://bob:${SECRET}@h:1/p?q=${SECRET}`), 'http://h:1/p');
});

test('what is shown of a setting that is no secret means the same when it is given', async () => {
  for (const { path, setting, ways } of table.filter(({ setting }) => !setting.isSecret)) {
    const way = ways.find(({ kind }) => kind !== 'file');
    for (const [, value] of way?.good ?? []) {
      const shown = show(setting, value);
      if (shown === '') continue;
      assert.deepEqual((await said(give(way!, shown))).values?.[path], value, `${path} ${shown}`);
    }
  }
});
