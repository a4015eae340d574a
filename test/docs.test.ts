import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { USER_AGENT } from '../src/agent.ts';
import { helpText } from '../src/config/help.ts';
import { flagOf, variableOf } from '../src/config/setting.ts';
import { schema } from '../src/settings.ts';
import { VERSION } from '../src/version.ts';
import { catalogue } from './support/catalogue.ts';
import { assertGolden } from './support/golden.ts';
import { agent, root, run } from './support/process.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const packageJson = JSON.parse(read('package.json')) as {
  version: string;
  dependencies: Readonly<Record<string, string>>;
  devDependencies: Readonly<Record<string, string>>;
};

/** The file with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
function withBlock(file: string, name: string, block: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const content = read(file);
  assert.ok(content.includes(start) && content.includes(end), `${file} lacks the marks of ${name}`);
  return content.slice(0, content.indexOf(start) + start.length) + block + content.slice(content.indexOf(end));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

test('docs/metrics.md is the catalogue', () => {
  const rows = catalogue.map(({ name, kind, unit, attributes = {}, description, from }) => {
    const keys = Object.entries(attributes).map(
      ([key, values]) => `\`${key}\`${typeof values === 'string' ? '' : `: ${values.join(', ')}`}`,
    );
    return [`\`${name}\``, kind, `\`${unit}\``, keys.join('; '), description, from];
  });
  const block = table(['metric', 'kind', 'unit', 'attributes', 'what it is', 'where it comes from'], rows);
  assertGolden(path.join(root, 'docs/metrics.md'), withBlock('docs/metrics.md', 'metrics', block));
});

test('the settings in the README are the schema', () => {
  const rows = Object.entries(schema).map(([at, { doc, allowed, default: value }]) => {
    const shown = at === 'interval' ? `${Number(value) / 1000}s` : String(value);
    return [`\`${flagOf(at)}\``, `\`${variableOf(at)}\``, `\`${shown}\``, `${doc} Allowed: ${allowed}.`];
  });
  assertGolden(
    path.join(root, 'README.md'),
    withBlock('README.md', 'settings', table(['flag', 'variable', 'default', ''], rows)),
  );
});

test('names are OpenTelemetry’s or jobmeter’s, each declared once, and described', () => {
  const names = catalogue.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, unit, description, from, kind, value } of catalogue) {
    assert.match(name, /^(system|container|jobmeter)(\.[a-z0-9_]+)+$/);
    assert.match(description, /^[A-Z].*\.$/, name);
    assert.notEqual(from, '', name);
    assert.match(unit, /^(1|s|By|\{[a-z_]+\})$/, name);
    assert.doesNotMatch(name, /_total$|_(bytes|seconds)$/);
    if (unit === 'By') assert.equal(value, 'int', name);
    if (name.startsWith('system.') && kind === 'counter') assert.equal(unit, 's');
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
