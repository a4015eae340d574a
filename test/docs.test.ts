import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { USER_AGENT } from '../src/agent.ts';
import { catalogue } from '../src/catalogue.ts';
import { helpText } from '../src/config/help.ts';
import { namesOf, type Setting, show } from '../src/config/setting.ts';
import { schema } from '../src/settings.ts';
import { VERSION } from '../src/version.ts';
import { assertGolden } from './support/golden.ts';
import { agent, root, run } from './support/process.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const packageJson = JSON.parse(read('package.json')) as {
  version: string;
  dependencies: Readonly<Record<string, string>>;
  devDependencies: Readonly<Record<string, string>>;
};

/** The file with what stands between the marks of `name` replaced: <!-- name --> in Markdown, # <name> in YAML. */
function withBlock(file: string, name: string, block: string): string {
  const isYaml = file.endsWith('.yaml');
  const [start, end] = isYaml ? [`# <${name}>\n`, `    # </${name}>`] : [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const content = read(file);
  assert.ok(content.includes(start) && content.includes(end), `${file} lacks the marks of ${name}`);
  return content.slice(0, content.indexOf(start) + start.length) + block + content.slice(content.indexOf(end));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

const entries = Object.entries(schema).map(([at, setting]) => ({
  at,
  setting,
  shown: show(setting as Setting<unknown>, setting.default),
  ...namesOf(at, setting),
}));

test('docs/metrics.md is the catalogue', () => {
  const rows = catalogue.map(({ name, kind, unit, attributes = {}, optInAttributes = {}, ...rest }) => {
    const { description, from, stability, isOptIn } = rest;
    const shown = (table: NonNullable<typeof attributes>, note: string) =>
      Object.entries(table).map(
        ([key, values]) => `\`${key}\`${note}${typeof values === 'string' ? '' : `: ${values.join(', ')}`}`,
      );
    const keys = [...shown(attributes, ''), ...shown(optInAttributes, ' (off by default)')];
    const state = [stability?.replace('_', ' ') ?? 'development', ...(isOptIn ? ['off by default'] : [])].join(', ');
    return [`\`${name}\``, kind, `\`${unit}\``, keys.join('; '), description, from, state];
  });
  const block = table(['metric', 'kind', 'unit', 'attributes', 'what it is', 'where it comes from', ''], rows);
  assertGolden(path.join(root, 'docs/metrics.md'), withBlock('docs/metrics.md', 'metrics', block));
});

test('the metrics in the README are from the catalogue', () => {
  const names = [
    'jobmeter.cpu.usage',
    'jobmeter.cpu.limit',
    'jobmeter.memory.usage',
    'jobmeter.memory.limit',
    'container.cpu.time',
    'container.memory.working_set',
    'system.cpu.time',
    'system.memory.usage',
    'jobmeter.samples.lost',
  ];
  const rows = names.map((name) => {
    const { unit, description } = catalogue.find((metric) => metric.name === name)!;
    return [`\`${name}\``, `\`${unit}\``, description];
  });
  const block = table(['metric', 'unit', ''], rows);
  assertGolden(path.join(root, 'README.md'), withBlock('README.md', 'metrics', block));
});

test('the settings in the README are the schema', () => {
  const rows = entries
    .filter(({ variable }) => variable !== undefined)
    .map(({ flag, variable, otelVariables, setting, shown }) => [
      flag === undefined ? '' : `\`${flag}\``,
      [variable, ...otelVariables].map((name) => `\`${name}\``).join(', '),
      shown === '' ? '' : `\`${shown}\``,
      `${setting.doc} Allowed: ${setting.allowed}.`,
    ]);
  const block = table(['flag', 'variable', 'default', ''], rows);
  assertGolden(path.join(root, 'README.md'), withBlock('README.md', 'settings', block));
});

test('OpenTelemetry’s settings in docs/settings.md are the schema', () => {
  const rows = entries
    .filter(({ otelVariables, keys }) => otelVariables.length + keys.length > 0)
    .map(({ otelVariables, variable, flag, keys, setting, shown }) => [
      [...otelVariables, variable, flag].flatMap((name) => (name === undefined ? [] : `\`${name}\``)).join(', '),
      keys.map((key) => `\`${key}\``).join(', '),
      shown === '' ? '' : `\`${shown}\``,
      `${setting.doc} Allowed: ${setting.allowed}.`,
    ]);
  const block = table(['variable, flag', 'key in the file', 'default', ''], rows);
  assertGolden(path.join(root, 'docs/settings.md'), withBlock('docs/settings.md', 'settings', block));
});

/** Own settings as the file has them, at their defaults; what has none, or stands elsewhere in the file, as a comment. */
function exampleBlock(): string {
  const lines: string[] = [];
  let blocks: readonly string[] = [];
  const own = entries.filter(({ variable }) => variable !== undefined);
  // What is in one block stands together, where the first of it stands.
  const first = ({ at }: { at: string }) => own.findIndex((entry) => entry.at.split('.')[0] === at.split('.')[0]);
  for (const { at, setting, variable, keys } of own.toSorted((a, b) => first(a) - first(b))) {
    const steps = at.split('.');
    for (const [depth, step] of steps.slice(0, -1).entries()) {
      if (blocks[depth] === step) continue;
      lines.push(`${'  '.repeat(depth + 2)}${step}:`);
      blocks = [...steps.slice(0, depth), step];
    }
    blocks = steps.slice(0, -1);
    const indent = '  '.repeat(steps.length + 1);
    const value = setting.default as unknown;
    const text = Array.isArray(value)
      ? JSON.stringify(value).replaceAll('"', "'")
      : show(setting as Setting<unknown>, value);
    const isOff = text === '' || keys.length > 1;
    lines.push(`${indent}# ${setting.doc} Allowed: ${setting.allowed}. ${variable}`);
    lines.push(`${indent}${isOff ? '# ' : ''}${steps.at(-1)}: ${text === '' ? '...' : text}`);
  }
  return `${lines.join('\n')}\n`;
}

test('otel-config.yaml has every own setting at its default', () => {
  assertGolden(path.join(root, 'otel-config.yaml'), withBlock('otel-config.yaml', 'settings', exampleBlock()));
});

test('names are OpenTelemetry’s or jobmeter’s, each declared once, and described', () => {
  const names = catalogue.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, unit, description, from, value } of catalogue) {
    assert.match(name, /^(system|container|hw|nfs|jobmeter)(\.[a-z0-9_]+)+$/);
    assert.match(description, /^[A-Z].*\.$/, name);
    assert.notEqual(from, '', name);
    assert.match(unit, /^(1|s|By|By\/s|Hz|Cel|J|\{[a-z_]+\})$/, name);
    assert.doesNotMatch(name, /_total$|_(bytes|seconds)$/);
    if (unit === 'By') assert.equal(value, 'int', name);
  }
});

test('versions that are said are those that are there', () => {
  assert.equal(VERSION, packageJson.version);
  assert.equal(USER_AGENT.split('/').at(-1), packageJson.dependencies['@opentelemetry/otlp-exporter-base']);
});

test('every dependency has its line in docs/dependencies.md, of an exact version', () => {
  const documented = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^ ]+) \|/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  );
  const runtime = (
    JSON.parse(read('tools/runtime/package.json')) as { optionalDependencies: Readonly<Record<string, string>> }
  ).optionalDependencies;
  const declared = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies, ...runtime }).map(
    ([name, version]) => `${name} ${version}`,
  );
  assert.deepEqual(documented.toSorted(), declared.toSorted());
  for (const line of declared) assert.match(line, / \d+\.\d+\.\d+$/);
});

test('there is one copy of each OpenTelemetry package, and the lockfile names no registry', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, { resolved?: string }>> };
  const copies = Object.keys(lock.packages).filter((name) => name.includes('node_modules/@opentelemetry/'));
  assert.deepEqual(
    copies.filter((name) => name.lastIndexOf('node_modules/') > 0),
    [],
  );
  for (const { resolved } of Object.values(lock.packages)) assert.doesNotMatch(resolved ?? '', /^https?:/);
});

// Commands of the README that are not run here, each with the reason.
const NOT_RUN: ReadonlyMap<RegExp, string> = new Map([
  [/^npm start$/, 'runs until it is stopped: test/main.test.ts runs the same program, with signals'],
  [/^npm test$/, 'is what runs this'],
]);

test('every command in the README works', async () => {
  const blocks = [...read('README.md').matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);
  const commands = blocks.flatMap((block) => block.split('\n')).filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(commands.length > 0);
  const notRun = commands.filter((command) => [...NOT_RUN.keys()].some((pattern) => pattern.test(command)));
  for (const pattern of NOT_RUN.keys()) {
    assert.ok(
      notRun.some((command) => pattern.test(command)),
      `${pattern.source} is not in the README any more`,
    );
  }
  for (const command of commands.filter((line) => !notRun.includes(line))) {
    const { code, stderr } = await run('sh', ['-c', `cd ${root}; ${command}`], {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      JOBMETER_HTTP_PORT: 'off',
    });
    // Nobody listens: what matters is that the command is understood.
    assert.ok(code === 0 || (code === 1 && stderr.includes('not delivered to')), `${command}: ${code} ${stderr}`);
  }
});

test('the help that is printed is made from the schema', async () => {
  const { stdout } = await run(agent, ['--help']);
  assert.equal(stdout, helpText(schema, VERSION));
});

test('links in the documents lead somewhere', () => {
  const documents = [
    ...readdirSync(root).filter((file) => file.endsWith('.md')),
    ...readdirSync(path.join(root, 'docs')).map((file) => `docs/${file}`),
  ];
  for (const file of documents) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(
        statSync(path.join(root, path.dirname(file), target!), { throwIfNoEntry: false }),
        `${file}: ${target}`,
      );
    }
  }
});
