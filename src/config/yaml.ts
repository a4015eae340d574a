import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
} from 'yaml';
import { formatPairs } from './pairs.ts';
import type { Environment } from './setting.ts';
import { substitute } from './substitute.ts';

type Value = Node | null | undefined;

/** A YAML document whose values are read as texts, with ${NAME} put in. */
export interface Yaml {
  readonly root: Value;
  /** The node that an alias stands for, or the node itself. */
  resolve(node: Value): Value;
  lineOf(node: Value): number | undefined;
  /** Of a single value; '' for null; undefined for what is no single value. Throws an Error where ${…} is malformed. */
  textOf(node: Value): string | undefined;
  /** Of a list of values, as a variable would have it; undefined for another thing. */
  listOf(node: Value): string | undefined;
  /** Of a list of {name, value}, as headers and attributes have it, as a variable would have it. */
  pairsOf(node: Value): string | undefined;
}

/** The parser's own words repeat what stands there, which may be a secret. */
const FAULTS: Readonly<Record<string, string>> = {
  ALIAS: 'this alias stands for nothing',
  BAD_ALIAS: 'this alias stands for nothing',
  BAD_DQ_ESCAPE: 'in double quotes a backslash begins an escape, and this is none; single quotes take it as it is',
  BAD_INDENT: 'the indentation does not fit',
  BAD_SCALAR_START: 'a text that begins like this needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a block stands where a key belongs; is there a colon too many?',
  DUPLICATE_KEY: 'this key is there twice',
  MISSING_CHAR: 'a quotation mark, a bracket, a comma or a colon is missing',
  MULTIPLE_DOCS: 'a second document begins here; allowed is one',
  TAB_AS_INDENT: 'a tab where spaces belong',
  TAG_RESOLVE_FAILED: 'this tag is not known',
  UNEXPECTED_TOKEN: 'this does not belong here; is there a bracket or a quotation mark too many before it?',
};

/** Characters: the parser's time grows faster than the file. */
const MOST_CONTENT = 128 * 1024;

/** Parses YAML 1.2; where it is none, keys are there twice, or an alias stands for nothing, it is these faults instead. */
export function parseYaml(
  content: string,
  env: Environment,
): { readonly yaml: Yaml } | { readonly faults: readonly string[] } {
  if (content.length > MOST_CONTENT) return { faults: [`line 1: larger than ${MOST_CONTENT / 1024} KiB`] };
  const lines = new LineCounter();
  const document = parseDocument(content, { version: '1.2', prettyErrors: false, lineCounter: lines });
  const { targets, dangling } = resolveAliases(document);
  const faults = [...document.errors, ...document.warnings, ...dangling].map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0] ?? 0);
    return `line ${line}, column ${col}: ${FAULTS[code] ?? 'this is no YAML'}`;
  });
  // One fault makes others of all that follows.
  const isOnlyTwice = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  if (faults.length > 0) return { faults: isOnlyTwice ? faults : faults.slice(0, 1) };

  const resolve = (node: Value) => (isAlias(node) ? targets.get(node) : node);

  function textOf(node: Value): string | undefined {
    const value = resolve(node);
    if (value === null || value === undefined) return '';
    if (!isScalar(value)) return undefined;
    if (typeof value.value === 'string') {
      const text = substitute(value.value, env);
      return value.type === Scalar.PLAIN && text !== value.value && /^(~|null)$/i.test(text) ? '' : text;
    }
    // A number as it was written: "1.10" is a version to some.
    return value.value === null ? '' : (value.source ?? '');
  }

  function listOf(node: Value): string | undefined {
    const list = resolve(node);
    if (!isSeq<Node | null>(list)) return undefined;
    const items = list.items.map(textOf);
    return items.some((item) => !item || item.includes(',')) ? undefined : items.join(',');
  }

  function pairOf(item: Value): readonly [string, string] | undefined {
    const node = resolve(item);
    if (!isMap<Node, Node | null>(node)) return undefined;
    const fields = new Map(node.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', textOf(value)]));
    const [name, value] = [fields.get('name'), fields.get('value')];
    for (const key of ['name', 'value']) fields.delete(key);
    if (fields.get('type') === 'string') fields.delete('type');
    const [foreign] = fields.keys();
    if (foreign === 'type') throw new Error(`the type of ${JSON.stringify(name)} is not supported; allowed is string`);
    if (foreign !== undefined)
      throw new Error(`${JSON.stringify(foreign)} is unknown in a pair; allowed are name and value`);
    return name && value !== undefined ? [name, value] : undefined;
  }

  function pairsOf(node: Value): string | undefined {
    const list = resolve(node);
    if (!isSeq<Node | null>(list)) return undefined;
    const pairs = list.items.map(pairOf);
    return pairs.every((pair) => pair !== undefined) ? formatPairs(pairs) : undefined;
  }

  const lineOf = (node: Value) => (node?.range ? lines.linePos(node.range[0]).line : undefined);
  return { yaml: { root: document.contents, resolve, lineOf, textOf, listOf, pairsOf } };
}

interface Fault {
  readonly code: string;
  readonly pos: readonly number[];
}

/** What each alias stands for, found in one walk: yaml's own Alias.resolve walks through the whole document each time. */
function resolveAliases(document: Document): {
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly dangling: readonly Fault[];
} {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const dangling: Fault[] = [];
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node, target);
        else dangling.push({ code: 'ALIAS', pos: [node.range![0]] });
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return { targets, dangling };
}
