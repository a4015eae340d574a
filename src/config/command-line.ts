import { parseArgs } from 'node:util';
import { namesOf, type Schema } from './setting.ts';
import { suggest } from './suggest.ts';

export const COMMANDS = ['check', 'metrics'] as const;

export interface CommandLine {
  readonly kind: 'run' | 'help' | 'version' | (typeof COMMANDS)[number];
  readonly isJson: boolean;
  /** The text of each flag of a setting that was given. */
  readonly flags: ReadonlyMap<string, string>;
  /** What is wrong with it, one line each. */
  readonly problems: readonly string[];
}

type Token = ReturnType<typeof parseArgs>['tokens'] extends (infer T)[] | undefined ? T : never;
type OptionToken = Extract<Token, { kind: 'option' }>;

/** Reads the command line: a command, flags of settings, --json, --help, --version. */
export function readCommandLine(schema: Schema, argv: readonly string[]): CommandLine {
  const isSwitch = new Map([
    ['--help', true],
    ['--version', true],
    ['--json', true],
  ]);
  for (const [path, setting] of Object.entries(schema)) {
    const { flag } = namesOf(path, setting);
    if (flag !== undefined) isSwitch.set(flag, setting.placeholder === undefined);
  }
  const flags = new Map<string, string>();
  const words: string[] = [];
  const problems: string[] = [];
  for (const token of tokenize(isSwitch, argv)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const problem = flagProblem(isSwitch, token, flags.has(`--${token.name}`));
    if (problem === undefined) flags.set(`--${token.name}`, token.value ?? 'true');
    else problems.push(`${token.rawName} (command line): ${problem}; see jobmeter --help`);
  }
  if (flags.has('--help')) return { kind: 'help', isJson: false, flags, problems: [] };
  if (flags.has('--version')) return { kind: 'version', isJson: false, flags, problems: [] };
  const command = COMMANDS.find((name) => name === words[0]);
  // Behind an option that is not known, a word may have been its value.
  const unexpected = problems.length > 0 ? [] : words.slice(command === undefined ? 0 : 1);
  for (const word of unexpected) {
    problems.push(
      `${word} (command line): unexpected argument${suggest(word, COMMANDS)}; commands are ${COMMANDS.join(' and ')}, see jobmeter --help`,
    );
  }
  const isJson = flags.delete('--json');
  if (isJson && command === undefined) {
    problems.push(`--json (command line): counts only with the commands ${COMMANDS.join(' and ')}`);
  }
  return { kind: command ?? 'run', isJson, flags, problems };
}

function tokenize(isSwitch: ReadonlyMap<string, boolean>, argv: readonly string[]): readonly Token[] {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(
        [...isSwitch].map(([flag, alone]) => [flag.slice(2), { type: alone ? 'boolean' : 'string' }]),
      ),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'V' },
    },
    strict: false,
    tokens: true,
  });
  return tokens;
}

const WITHOUT_VALUE: ReadonlySet<string> = new Set(['--help', '--version', '--json']);

function flagProblem(
  isSwitch: ReadonlyMap<string, boolean>,
  { name, value, inlineValue }: OptionToken,
  isRepeated: boolean,
): string | undefined {
  const flag = `--${name}`;
  const alone = isSwitch.get(flag);
  if (alone === undefined) return `unknown option${suggest(flag, isSwitch.keys())}`;
  if (isRepeated) return 'given twice';
  if (WITHOUT_VALUE.has(flag) && value !== undefined) return 'takes no value';
  const isMissing = value === undefined || (value.startsWith('-') && inlineValue !== true);
  return !alone && isMissing ? 'needs a value' : undefined;
}
