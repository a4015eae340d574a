import type { Metric } from '../instrumentation/source.ts';
import type { Config } from './config/load.ts';
import { listSetting, type Setting, type Values } from './config/setting.ts';

// Which metrics are exported, and of which devices, interfaces and mounts. Everything is read all the same: other numbers
// are made from it.

const PATTERNS = 'patterns separated by commas: * stands for any text, ? for one character';

function patternSetting(doc: string, ...value: readonly string[]): Setting<readonly string[]> {
  return listSetting({ doc, allowed: PATTERNS, default: value, placeholder: 'PATTERNS' });
}

/** Stands for the metrics that are on by default. */
const DEFAULT = 'default';

type SelectionSettings = {
  readonly metrics: Setting<readonly string[]>;
  readonly 'exclude.metrics': Setting<readonly string[]>;
  readonly devices: Setting<readonly string[]>;
  readonly 'exclude.devices': Setting<readonly string[]>;
  readonly interfaces: Setting<readonly string[]>;
  readonly 'exclude.interfaces': Setting<readonly string[]>;
  readonly mounts: Setting<readonly string[]>;
  readonly 'exclude.mounts': Setting<readonly string[]>;
};

export const selectionSettings: SelectionSettings = {
  metrics: patternSetting(
    'Metrics to export, by name. The word "default" stands for those that are on by default.',
    DEFAULT,
  ),
  'exclude.metrics': patternSetting('Metrics to leave out, by name.'),
  devices: patternSetting('Block devices of which metrics are exported; none has any yet.', '*'),
  'exclude.devices': patternSetting('Block devices to leave out.'),
  interfaces: patternSetting('Network interfaces of which metrics are exported; none has any yet.', '*'),
  'exclude.interfaces': patternSetting('Network interfaces to leave out.'),
  mounts: patternSetting('Mount points of which metrics are exported; none has any yet.', '*'),
  'exclude.mounts': patternSetting('Mount points to leave out.'),
};

/** The attribute that each pair of settings is about. */
const ATTRIBUTES = {
  devices: 'system.device',
  interfaces: 'network.interface.name',
  mounts: 'system.filesystem.mountpoint',
} as const;

export interface Selection {
  hasMetric(metric: Pick<Metric, 'name' | 'isOptIn'>): boolean;
  hasPoint(attributes: Readonly<Record<string, string>>): boolean;
}

export function createSelection(values: Values<SelectionSettings>): Selection {
  const include = matcher(values.metrics.filter((pattern) => pattern !== DEFAULT));
  const exclude = matcher(values['exclude.metrics']);
  const hasDefaults = values.metrics.includes(DEFAULT);
  const points = Object.entries(ATTRIBUTES).map(([name, key]) => {
    const path = name as keyof typeof ATTRIBUTES;
    const [isIn, isOut] = [matcher(values[path]), matcher(values[`exclude.${path}`])];
    return { key, has: (value: string) => isIn(value) && !isOut(value) };
  });
  return {
    hasMetric: ({ name, isOptIn }) => ((hasDefaults && !isOptIn) || include(name)) && !exclude(name),
    hasPoint: (attributes) => points.every(({ key, has }) => attributes[key] === undefined || has(attributes[key])),
  };
}

/** A pattern that chooses no metric is a mistake: nothing would tell of it later. */
export function checkPatterns(names: readonly string[]): (config: Config<SelectionSettings>) => readonly string[] {
  return ({ values, origins }) =>
    (['metrics', 'exclude.metrics'] as const).flatMap((path) =>
      values[path]
        .filter((pattern) => !(path === 'metrics' && pattern === DEFAULT) && !names.some(matcher([pattern])))
        .map((pattern) => {
          const { name, place } = origins.get(path)!;
          return `${name} (${place}): ${JSON.stringify(pattern)} is the name of no metric; "jobmeter metrics" lists them`;
        }),
    );
}

/** Whether a text is matched by one of the patterns, as a whole. */
function matcher(patterns: readonly string[]): (text: string) => boolean {
  return (text) => patterns.some((pattern) => matches(pattern, text));
}

/** A star takes as little as it can, and more only when the rest does not fit: no pattern is slow, as a regex could be. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let taken = 0;
  for (let t = 0; t < text.length;) {
    if (pattern[p] === '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++taken;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
