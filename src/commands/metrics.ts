import { catalogue } from '../catalogue.ts';
import { createSelection } from '../selection.ts';
import type { AgentConfig } from '../settings.ts';

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, readonly string[] | 'string'>>;
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
    const { name, kind, unit, scope, attributes = {}, description, from, stability = 'development' } = metric;
    const isDefault = metric.isOptIn !== true;
    const isOn = selection.hasMetric(metric);
    return { name, kind, unit, scope, attributes, description, from, stability, isDefault, isOn };
  });
  return isJson ? `${JSON.stringify(entries, undefined, 2)}\n` : `${entries.map(describe).join('\n')}\n`;
}

function describe(entry: Entry): string {
  const { name, kind, unit, stability, isOn, isDefault, attributes, description, from } = entry;
  const state = `${isOn ? 'on' : 'off'}${isOn === isDefault ? '' : ` (${isDefault ? 'on' : 'off'} by default)`}`;
  const keys = Object.entries(attributes).map(
    ([key, values]) => `    ${key}${values === 'string' ? '' : `: ${values.join(', ')}`}\n`,
  );
  return `${name}  ${kind}  ${unit}  ${stability}  ${state}\n    ${description}\n    From ${from}.\n${keys.join('')}`;
}
