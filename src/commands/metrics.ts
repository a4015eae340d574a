import { catalogue } from '../catalogue.ts';
import type { Metric } from '../../instrumentation/source.ts';
import { createSelection } from '../selection.ts';
import type { AgentConfig } from '../settings.ts';

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly scope: string;
  readonly attributes: NonNullable<Metric['attributes']>;
  /** Those that it has where they are asked for. */
  readonly optInAttributes: NonNullable<Metric['optInAttributes']>;
  readonly description: string;
  readonly from: string;
  readonly stability: string;
  /** On if nothing is said. */
  readonly isDefault: boolean;
  /** On by the settings at hand. */
  readonly isOn: boolean;
}

/** `jobmeter metrics`: every metric, and whether it is on by the settings at hand. */
export function describeMetrics({ values }: Pick<AgentConfig, 'values'>, isJson: boolean): string {
  const selection = createSelection(values);
  const entries = catalogue.map((metric): Entry => {
    const { name, kind, unit, scope, attributes = {}, optInAttributes = {}, description, from } = metric;
    const { stability = 'development' } = metric;
    const isDefault = metric.isOptIn !== true;
    const isOn = selection.hasMetric(metric);
    return { name, kind, unit, scope, attributes, optInAttributes, description, from, stability, isDefault, isOn };
  });
  return isJson ? `${JSON.stringify(entries, undefined, 2)}\n` : `${entries.map(describe).join('\n')}\n`;
}

function describe(entry: Entry): string {
  const { name, kind, unit, stability, isOn, isDefault, description, from } = entry;
  const state = `${isOn ? 'on' : 'off'}${isOn === isDefault ? '' : ` (${isDefault ? 'on' : 'off'} by default)`}`;
  const keys = [
    ...Object.entries(entry.attributes).map(([key, values]) => `    ${key}${valuesOf(values)}\n`),
    ...Object.entries(entry.optInAttributes).map(
      ([key, values]) => `    ${key}${valuesOf(values)} (with --attributes ${key})\n`,
    ),
  ];
  return `${name}  ${kind}  ${unit}  ${stability}  ${state}\n    ${description}\n    From ${from}.\n${keys.join('')}`;
}

function valuesOf(values: readonly string[] | string): string {
  return typeof values === 'string' ? '' : `: ${values.join(', ')}`;
}
