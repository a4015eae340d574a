import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import fc from 'fast-check';
import type { Format } from '../../src/prometheus/exposition.ts';
import { anyMetrics, attributes, text } from './arbitrary.ts';
import { exposed, gauge } from './make.ts';
import { labelsKey, parsePage } from './parse.ts';

const FORMATS = ['text', 'openmetrics'] as const;

const printed = (text: string) => text.toWellFormed().replaceAll(/[^\P{Cc}\t\n]|[\u2028\u2029]/gu, '\uFFFD');

/** Again, from the letter of the specification. */
function expectedLabels(attributes: Attributes): Readonly<Record<string, string>> {
  const joined: Record<string, string[]> = {};
  for (const key of Object.keys(attributes).toSorted((a, b) => (a < b ? -1 : 1))) {
    let label = key.replaceAll(/[^a-zA-Z0-9_]/g, '_').replaceAll(/_+/g, '_');
    if (!/^[a-zA-Z_]/.test(label)) label = `_${label}`;
    if (/^(le|otel_scope_(name|version|schema_url))$/.test(label)) label = `exported_${label}`;
    const value = attributes[key];
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    (joined[label] ??= []).push(isPlain ? `${value}` : (JSON.stringify(value) ?? ''));
  }
  const labels = Object.entries(joined).map(([label, values]) => [label, printed(values.join(';'))] as const);
  return Object.fromEntries(labels.filter(([, value]) => value !== ''));
}

test('whatever the attributes and the description are, they can be read back', () => {
  fc.assert(
    fc.property(
      attributes,
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(...FORMATS),
      (attributes, description, value, format) => {
        const { page } = exposed([gauge('x', [[value, attributes]], { description })], format);
        const help = printed(description.trim());
        assert.deepEqual(parsePage(page, format), [
          {
            name: 'x',
            type: 'gauge',
            help: help === '' ? undefined : help,
            unit: undefined,
            samples: [{ name: 'x', labels: expectedLabels(attributes), value: value + 0 }],
          },
        ]);
      },
    ),
    { numRuns: 500 },
  );
});

/** Series as text, but for what the formats write differently. */
function seriesOf(page: string, format: Format): readonly string[] {
  return parsePage(page, format)
    .flatMap(({ samples }) =>
      samples
        .filter(({ name }) => !name.endsWith('_count'))
        .map(({ labels: { le, ...labels }, ...sample }) => {
          const bound = le === undefined || le === '+Inf' ? le : Number(le);
          return `${labelsKey({ ...sample, labels })} ${sample.name} ${bound} ${sample.value}`;
        }),
    )
    .toSorted((a, b) => (a < b ? -1 : 1));
}

test('every page can be read, its families are in order, and both formats say the same', () => {
  fc.assert(
    fc.property(anyMetrics, fc.boolean(), fc.boolean(), (metrics, scopeInfo, targetInfo) => {
      const [inText, inOpenMetrics] = FORMATS.map((format) => exposed(metrics, format, { scopeInfo, targetInfo })) as [
        ReturnType<typeof exposed>,
        ReturnType<typeof exposed>,
      ];
      assert.deepEqual(seriesOf(inText.page, 'text'), seriesOf(inOpenMetrics.page, 'openmetrics'));
      assert.deepEqual(inText.warnings, inOpenMetrics.warnings);
      const names = parsePage(inText.page, 'text').map(({ name }) => name);
      if (targetInfo && names[0] === 'target_info') names.shift();
      assert.deepEqual(
        names,
        names.toSorted((a, b) => (a < b ? -1 : 1)),
      );
    }),
    { numRuns: 500 },
  );
});

test('every point is on the page, or there is a warning about it or its metric', () => {
  const why = ' is not on the Prometheus page: ';
  fc.assert(
    fc.property(anyMetrics, (metrics) => {
      // Names that differ, and are the same to Prometheus.
      const all = metrics.scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .map((metric, index) => {
          const name = metric.descriptor.name + '\u{10FFFF}'.repeat(index);
          return { ...metric, descriptor: { ...metric.descriptor, name } };
        });
      const { page, warnings } = exposed(all);
      const missing = all.map(({ descriptor, dataPoints }) => {
        const about = warnings.filter((line) => line.startsWith(descriptor.name + why));
        const ofPoints = about.filter((line) => /page: (a second value|\S+ is no value of its kind)/.test(line));
        return ofPoints.length === about.length ? about.length : dataPoints.length;
      });
      const onPage = parsePage(page, 'text').flatMap(({ type, name, samples }) =>
        samples.filter((sample) => type !== 'histogram' || sample.name === `${name}_count`),
      );
      const points = all.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
      assert.equal(onPage.length + missing.reduce((sum, count) => sum + count, 0), points);
    }),
    { numRuns: 500 },
  );
});
