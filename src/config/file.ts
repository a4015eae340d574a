// OpenTelemetry's declarative configuration file, read strictly: keys that nobody knows or that are there twice, and
// parts of the specification that are not supported, are refused by name and line.

import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { EXPORTER_KEYS, HARMLESS, isExporter, READER, UNSUPPORTED } from './otel-file.ts';
import { type Environment, type Given, namesOf, type Schema } from './setting.ts';
import { suggest } from './suggest.ts';
import { parseYaml, type Yaml } from './yaml.ts';

/** Aliases can make a small file endless. */
const MOST_NODES = 10_000;

export interface FileContent {
  /** By the path of the setting. */
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
}

/** A place in the file. */
interface At {
  /** As the tables have it: "[]" for any item of a list. */
  readonly key: string;
  /** As a person would write it. */
  readonly written: string;
  readonly line: number;
}

/** Reads `content` of the file `file`. Every problem is one line, with the key and its place. */
export function readConfigFile(file: string, content: string, schema: Schema, env: Environment): FileContent {
  let parsed: ReturnType<typeof parseYaml>;
  try {
    parsed = parseYaml(content, env);
  } catch {
    // The parser recurses.
    parsed = { faults: ['line 1: nested too deeply'] };
  }
  if ('faults' in parsed) return { given: new Map(), problems: parsed.faults.map((fault) => `${file}, ${fault}`) };
  const { yaml } = parsed;
  const problems: string[] = [];
  const count = () => problems.length;
  const place = (at: At) => `${file}, line ${at.line}`;
  const refuse: Refuse = (at, why) => void problems.push(`${at.written || 'the whole'} (${place(at)}): ${why}`);
  const taker = createTaker(schema, yaml, place, refuse);
  try {
    createWalker(schema, yaml, taker, { refuse, count })(yaml.root, { key: '', written: '', line: 1 });
  } catch (error) {
    problems.push(`${file}: ${(error as Error).message}`);
  }
  if (!taker.hasFormat()) problems.push(`${file}: file_format is missing; allowed is "1.0"`);
  const exporters = { text: taker.exporters().join(',') || 'none', name: 'meter_provider.readers', place: file };
  return { given: new Map([...taker.given, ['otel.metrics.exporter', exporters]]), problems };
}

type Refuse = (at: At, why: string) => void;

/** Goes through the file and hands over what the tables of keys know; refuses everything else. */
function createWalker(
  schema: Schema,
  yaml: Yaml,
  taker: Taker,
  { refuse, count }: { refuse: Refuse; count(this: void): number },
) {
  const settings = settingsByKey(schema);
  const known = [...settings.keys(), ...Object.keys(EXPORTER_KEYS), 'file_format'];
  const isBlock = (key: string) =>
    key === '' || known.some((other) => other.startsWith(`${key}.`) || isList(key, other));
  const isList = (key: string, other: string) => other.startsWith(`${key}[]`);
  let nodes = 0;

  function walk(node: Node | null | undefined, at: At): void {
    if (++nodes > MOST_NODES) throw new Error('too large, or its aliases make it so');
    const setting = settings.get(at.key);
    if (Object.hasOwn(EXPORTER_KEYS, at.key)) taker.takeExporter(at);
    if (setting !== undefined) taker.take(setting, node, at);
    else if (Object.hasOwn(UNSUPPORTED, at.key)) refuseUnsupported(node, at);
    else if (at.key === 'file_format') taker.takeFormat(node, at);
    else if (at.key === READER) walkReader(node, at);
    else if (isBlock(at.key)) descend(node, at);
    else if (!Object.hasOwn(EXPORTER_KEYS, at.key) || yaml.textOf(node) !== '') {
      refuse(at, `unknown key${suggestKey(at.key, known)}`);
    }
  }

  function walkReader(node: Node | null | undefined, at: At): void {
    const [exporters, problems] = [taker.exporters().length, count()];
    descend(node, at);
    if (taker.exporters().length > exporters || count() > problems) return;
    refuse(at, 'has no exporter; allowed are otlp_http and console below periodic, prometheus/development below pull');
  }

  function descend(node: Node | null | undefined, at: At): void {
    const block = yaml.resolve(node);
    if (isSeq<Node | null>(block)) {
      if (!known.some((key) => isList(at.key, key))) return refuse(at, 'this is a block of keys and not a list');
      for (const [index, item] of block.items.entries()) {
        walk(item, {
          key: `${at.key}[]`,
          written: `${at.written}[${index}]`,
          line: yaml.lineOf(item) ?? at.line,
        });
      }
    } else if (isMap<Node, Node | null>(block)) {
      for (const { key, value } of block.items) walk(value, below(at, key));
    } else if (yaml.textOf(node) !== '') refuse(at, 'this is a block of keys and not a value');
    return undefined;
  }

  function below({ key, written, line }: At, name: Node): At {
    const dot = key === '' ? '' : '.';
    const word = isScalar(name) ? String(name.value) : '(no text)';
    // A dot in a key makes no path of it.
    const step = /[.[\]]/.test(word) ? JSON.stringify(word) : word;
    return { key: key + dot + step, written: written + dot + word, line: yaml.lineOf(name) ?? line };
  }

  function refuseUnsupported(node: Node | null | undefined, at: At): void {
    const text = yaml.textOf(node);
    const isHarmless = Object.hasOwn(HARMLESS, at.key) && HARMLESS[at.key]!.includes(text ?? '');
    if ((text === '' && !isExporter(at.key)) || isHarmless) return;
    refuse(at, `not supported: ${UNSUPPORTED[at.key]}`);
  }

  return walk;
}

/** Keeps what was found. */
interface Taker {
  readonly given: ReadonlyMap<string, Given>;
  take(setting: string, node: Node | null | undefined, at: At): void;
  takeExporter(at: At): void;
  takeFormat(node: Node | null | undefined, at: At): void;
  hasFormat(): boolean;
  exporters(): readonly string[];
}

function createTaker(schema: Schema, yaml: Yaml, place: (at: At) => string, refuse: Refuse): Taker {
  const given = new Map<string, Given>();
  const exporters = new Set<string>();
  let hasFormat = false;

  /** As a variable would have it. */
  function readText(setting: string, node: Node | null | undefined, { key }: At): string | undefined {
    const text = yaml.textOf(node);
    if (text === '') return '';
    if (isPairs(setting)) return key.endsWith('_list') ? text : yaml.pairsOf(node);
    const { default: value } = schema[setting]!;
    if (text !== undefined || !Array.isArray(value)) return text;
    const list = yaml.listOf(node);
    // An empty one where nothing else means nothing would be the default.
    return list === '' && value.length > 0 ? undefined : list;
  }

  /** What stands in headers and attributes wins over headers_list and attributes_list: the last pair counts. */
  const joined = (before: string, text: string, { key }: At) =>
    key.endsWith('_list') ? `${text},${before}` : `${before},${text}`;

  return {
    given,
    hasFormat: () => hasFormat,
    exporters: () => [...exporters],
    take(setting, node, at) {
      let text: string | undefined;
      try {
        text = readText(setting, node, at);
      } catch (error) {
        return refuse(at, (error as Error).message);
      }
      if (text === undefined) return refuse(at, `this is no value of its kind; allowed is ${schema[setting]!.allowed}`);
      if (text.trim() === '') return undefined;
      const before = given.get(setting);
      const here = { text, name: at.written, place: place(at) };
      if (before === undefined) given.set(setting, here);
      else if (isPairs(setting)) given.set(setting, { ...here, text: joined(before.text, text, at) });
      else if (before.text !== text) refuse(at, `says something else than ${before.name} (${before.place})`);
      return undefined;
    },
    takeExporter(at) {
      const exporter = EXPORTER_KEYS[at.key]!;
      if (exporters.has(exporter)) refuse(at, 'given twice; one reader of this kind is supported');
      exporters.add(exporter);
    },
    takeFormat(node, at) {
      hasFormat = true;
      const text = yaml.textOf(node) ?? '';
      if (/^1\.[01](-.*)?$/.test(text)) return;
      refuse(at, `${JSON.stringify(text)} is not supported; allowed is "1.0" or "1.1"`);
    },
  };
}

/** Headers and attributes may be given in two ways at once. */
const isPairs = (setting: string) => /\.(headers|attributes)$/.test(setting);

function settingsByKey(schema: Schema): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(schema).flatMap(([path, setting]) => namesOf(path, setting).keys.map((key) => [key, path] as const)),
  );
}

/** Of the keys of the same block, the one that is similar. */
function suggestKey(key: string, known: readonly string[]): string {
  const block = key.slice(0, key.lastIndexOf('.') + 1);
  const names = [...known, ...Object.keys(UNSUPPORTED)].flatMap((other) =>
    other.startsWith(block) ? (/^[^.[]+/.exec(other.slice(block.length)) ?? []) : [],
  );
  return suggest(key.slice(block.length), new Set(names));
}
