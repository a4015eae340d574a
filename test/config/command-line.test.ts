import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandLine } from '../../src/config/command-line.ts';
import { helpText } from '../../src/config/help.ts';
import { namesOf } from '../../src/config/setting.ts';
import { schema } from '../../src/settings.ts';
import { attempt } from './attempt.ts';

const read = (...argv: readonly string[]) => readCommandLine(schema, argv);

test('commands', () => {
  for (const [argv, kind] of [
    [[], 'run'],
    [['--once'], 'run'],
    [['check'], 'check'],
    [['metrics'], 'metrics'],
    [['--once', 'check'], 'check'],
    [['check', '--interval=2s'], 'check'],
  ] as const) {
    const line = read(...argv);
    assert.deepEqual([line.kind, line.isJson, line.problems], [kind, false, []], argv.join(' '));
  }
});

test('--json counts with the commands', () => {
  for (const argv of [
    ['check', '--json'],
    ['--json', 'check'],
    ['metrics', '--json'],
  ]) {
    const { isJson, problems, flags } = read(...argv);
    assert.deepEqual([isJson, problems, flags.size], [true, [], 0]);
  }
  assert.deepEqual(read('--json').problems, ['--json (command line): counts only with the commands check and metrics']);
});

test('values stand behind a blank or an equals sign', () => {
  const flags = (...argv: readonly string[]) => Object.fromEntries(read(...argv).flags);
  assert.deepEqual(flags('--interval', '2s'), { '--interval': '2s' });
  assert.deepEqual(flags('--interval=2s'), { '--interval': '2s' });
  assert.deepEqual(flags('--interval=a=b'), { '--interval': 'a=b' });
  assert.deepEqual(flags('--interval=-1'), { '--interval': '-1' });
  assert.deepEqual(flags('--interval='), { '--interval': '' });
  assert.deepEqual(flags('--once'), { '--once': 'true' });
  assert.deepEqual(flags('--once=false'), { '--once': 'false' });
  assert.deepEqual(flags('--once', '--interval', '2s'), { '--once': 'true', '--interval': '2s' });
});

test('help and version win over everything that is wrong', () => {
  for (const [argv, kind] of [
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['-V'], 'version'],
    [['-V', '-h'], 'help'],
    [['-hV'], 'help'],
    [['check', '--help'], 'help'],
    [['--nonsense', 'what', '--once', '--once', '--help'], 'help'],
    [['--help', '--help'], 'help'],
    [['--json', '--version', '--interval'], 'version'],
  ] as const) {
    const line = read(...argv);
    assert.deepEqual([line.kind, line.problems], [kind, []], argv.join(' '));
  }
});

const SEE = '; see jobmeter --help';
const refused: Readonly<Record<string, readonly [argv: readonly string[], problems: readonly string[]]>> = {
  'an unknown flag': [['--nonsense'], [`--nonsense (command line): unknown option${SEE}`]],
  'a flag that is misspelt': [
    ['--intervall', '--onse'],
    [
      `--intervall (command line): unknown option, did you mean --interval?${SEE}`,
      `--onse (command line): unknown option, did you mean --once?${SEE}`,
    ],
  ],
  'of two that are similar the nearest': [
    ['--http-pot=1'],
    [`--http-pot (command line): unknown option, did you mean --http-port?${SEE}`],
  ],
  'an unknown letter': [['-x'], [`-x (command line): unknown option${SEE}`]],
  'a negated switch': [['--no-once'], [`--no-once (command line): unknown option${SEE}`]],
  'names that every object has': [
    ['--constructor', '--toString', '--__proto__'],
    ['--constructor', '--toString', '--__proto__'].map((flag) => `${flag} (command line): unknown option${SEE}`),
  ],
  'a missing value at the end': [['--interval'], [`--interval (command line): needs a value${SEE}`]],
  'a flag in the place of a value': [['--interval', '--once'], [`--interval (command line): needs a value${SEE}`]],
  'a negative number without an equals sign': [
    ['--interval', '-1'],
    [`--interval (command line): needs a value${SEE}`],
  ],
  'a flag twice': [['--interval=1', '--interval=2'], [`--interval (command line): given twice${SEE}`]],
  'a switch twice': [['--once', '--once'], [`--once (command line): given twice${SEE}`]],
  '--json twice': [['check', '--json', '--json'], [`--json (command line): given twice${SEE}`]],
  'a switch that takes no value': [['check', '--json=false'], [`--json (command line): takes no value${SEE}`]],
  'an argument': [
    ['sleep'],
    ['sleep (command line): unexpected argument; commands are check and metrics, see jobmeter --help'],
  ],
  'a command that is misspelt': [
    ['chek'],
    [
      'chek (command line): unexpected argument, did you mean check?; commands are check and metrics, see jobmeter --help',
    ],
  ],
  'an argument behind a command': [
    ['check', 'metrics'],
    ['metrics (command line): unexpected argument; commands are check and metrics, see jobmeter --help'],
  ],
  'a value for a switch, behind a blank': [
    ['--once', 'true'],
    ['true (command line): unexpected argument; commands are check and metrics, see jobmeter --help'],
  ],
  'what stands behind --': [
    ['--', '--once'],
    ['--once (command line): unexpected argument; commands are check and metrics, see jobmeter --help'],
  ],
};

for (const [name, [argv, problems]] of Object.entries(refused)) {
  test(`refused: ${name}`, () => assert.deepEqual(read(...argv).problems, problems));
}

test('a secret behind a flag that does not exist is not repeated', () => {
  for (const argv of [['--http-token', 'hunter2'], ['--http-token=hunter2'], ['--otlp-headers', 'a=hunter2']]) {
    const { problems } = read(...argv);
    assert.ok(problems.length > 0);
    assert.ok(!problems.join('\n').includes('hunter2'), problems.join('\n'));
  }
});

test('every problem is one line', async () => {
  for (const argv of [['--a\nb'], ['a\nb'], ['--interval\n'], ['-\n'], ['\u001b[31m'], ['\u202e']]) {
    const { problems } = await attempt({ argv });
    assert.equal(problems.length, 1);
    assert.doesNotMatch(problems[0]!, /[\p{Cc}\p{Bidi_Control}]/u);
  }
});

test('the help has every flag, and a variable for what has none', () => {
  const help = helpText(schema, '1.2.3');
  for (const [path, setting] of Object.entries(schema)) {
    const { flag, variable, otelVariables } = namesOf(path, setting);
    for (const name of [flag, variable, otelVariables.at(-1)].filter((name) => name !== undefined)) {
      // The standard variable of what has a name of jobmeter's is in the documents.
      if (variable !== undefined && name === otelVariables.at(-1)) continue;
      assert.ok(help.includes(name), name);
    }
  }
  for (const word of ['1.2.3', '--interval TIME', '--json', '--help, -h', 'jobmeter check', 'Exit status']) {
    assert.ok(help.includes(word), word);
  }
  assert.deepEqual(
    help.split('\n').filter((line) => line.length > 160),
    [],
  );
});
