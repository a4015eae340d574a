import type { Attributes, Metric } from '../instrumentation/source.ts';
import type { Config } from './config/load.ts';
import { listSetting, type Setting, type Values } from './config/setting.ts';

// Which metrics are exported, and of which devices, interfaces and mounts. A source none of whose metrics is wanted is not
// read, unless other numbers are made from it.

const PATTERNS = 'patterns separated by commas: * stands for any text, ? for one character';

function patternSetting(doc: string, ...value: readonly string[]): Setting<readonly string[]> {
  return listSetting({ doc, allowed: PATTERNS, default: value, placeholder: 'PATTERNS' });
}

/** Stands for what is on by default. */
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
  readonly attributes: Setting<readonly string[]>;
};

export const selectionSettings: SelectionSettings = {
  metrics: patternSetting(
    'Metrics to export, by name. The word "default" stands for those that are on by default.',
    DEFAULT,
  ),
  'exclude.metrics': patternSetting('Metrics to leave out, by name.'),
  devices: patternSetting(
    'Block devices of which metrics are exported. "default" stands for whole disks that are real.',
    DEFAULT,
  ),
  'exclude.devices': patternSetting('Block devices to leave out.'),
  interfaces: patternSetting(
    'Network interfaces of which metrics are exported. "default" stands for all but lo.',
    DEFAULT,
  ),
  'exclude.interfaces': patternSetting('Network interfaces to leave out.'),
  mounts: patternSetting(
    'Mount points of which metrics are exported. "default" stands for all that hold data.',
    DEFAULT,
  ),
  'exclude.mounts': patternSetting('Mount points to leave out.'),
  attributes: patternSetting(
    'Attributes to add that are left out by default, since one number becomes many: cpu.logical_number.',
  ),
};

/** By the kernel's rule: a number after the name of the disk, and a "p" between where that ends with a digit itself. */
const PARTITION = /\dp\d+$|^(?:(?:s|h|v|xv|ub|rss|das)d[a-z]+|scm[a-z]+|pmem\d+(?:\.\d+)?s)\d+$/;
/** What a program or removable media made of memory or of a file. */
const NO_DISK = /^(?:loop|ram|zram|fd|sr)\d+$/;
/** What a card starts from, and one of several hidden paths to an NVMe disk, which is listed itself. */
const NO_WHOLE_DISK = /^(?:mmcblk\d+(?:boot\d+|rpmb)|nvme\d+c\d+n\d+)$/;

/** What each pair of settings is about: the metrics, the attributes that name it, and what is on by default. */
const SUBJECTS = {
  devices: {
    metrics: /\.disk\./,
    keys: ['system.device'],
    isDefault: (name: string) => !PARTITION.test(name) && !NO_DISK.test(name) && !NO_WHOLE_DISK.test(name),
  },
  interfaces: {
    metrics: /\.network\./,
    // The conventions have another one for system.network.packet.count.
    keys: ['network.interface.name', 'system.device'],
    isDefault: (name: string) => name !== 'lo',
  },
  mounts: { metrics: /\.filesystem\.|\.nfs\.io$/, keys: ['system.filesystem.mountpoint'], isDefault: () => true },
} as const;

export interface Selection {
  hasMetric(metric: Pick<Metric, 'name' | 'isOptIn'>): boolean;
  hasPoint(metric: Pick<Metric, 'name'>, attributes: Attributes): boolean;
}

export function createSelection(values: Values<SelectionSettings>): Selection {
  const include = matcher(values.metrics.filter((pattern) => pattern !== DEFAULT));
  const exclude = matcher(values['exclude.metrics']);
  const hasDefaults = values.metrics.includes(DEFAULT);
  const subjects = Object.entries(SUBJECTS).map(([name, { metrics, keys, isDefault }]) => {
    const path = name as keyof typeof SUBJECTS;
    const isIn = matcher(values[path].filter((pattern) => pattern !== DEFAULT));
    const isOut = matcher(values[`exclude.${path}`]);
    const withDefault = values[path].includes(DEFAULT);
    const has = (value: string) => (isIn(value) || (withDefault && isDefault(value))) && !isOut(value);
    return { metrics, keys, has };
  });
  return {
    hasMetric: ({ name, isOptIn }) => ((hasDefaults && !isOptIn) || include(name)) && !exclude(name),
    hasPoint({ name }, attributes) {
      const subject = subjects.find(({ metrics }) => metrics.test(name));
      if (subject === undefined) return true;
      return subject.keys.every((key) => attributes[key] === undefined || subject.has(String(attributes[key])));
    },
  };
}

/** A pattern that chooses no metric, or no attribute, is a mistake: nothing would tell of it later. */
export function checkPatterns(
  metrics: readonly Pick<Metric, 'name' | 'optInAttributes'>[],
): (config: Config<SelectionSettings>) => readonly string[] {
  const names = metrics.map(({ name }) => name);
  const optIn = metrics.flatMap(({ optInAttributes = {} }) => Object.keys(optInAttributes));
  return ({ values, origins }) => {
    const unknown = (path: 'metrics' | 'exclude.metrics' | 'attributes', known: readonly string[], what: string) =>
      values[path]
        .filter((pattern) => !(path === 'metrics' && pattern === DEFAULT) && !known.some(matcher([pattern])))
        .map((pattern) => {
          const { name, place } = origins.get(path)!;
          return `${name} (${place}): ${JSON.stringify(pattern)} is ${what}; "jobmeter metrics" lists them`;
        });
    return [
      ...unknown('metrics', names, 'the name of no metric'),
      ...unknown('exclude.metrics', names, 'the name of no metric'),
      ...unknown('attributes', optIn, 'no attribute that is left out by default'),
    ];
  };
}

/** Whether the attribute was asked for. */
export function attributesOf(values: Values<SelectionSettings>): (attribute: string) => boolean {
  return matcher(values.attributes);
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
