import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classicOf, exponential, exposed, histogram } from './make.ts';
import { parsePage } from './parse.ts';

function histogramPage(
  boundaries: readonly number[],
  values: readonly number[],
  format: 'text' | 'openmetrics',
): string {
  return exposed([histogram('x', [[classicOf(boundaries, values), { a: 'b' }]])], format).page;
}

test('buckets are cumulative and take their bound in', () => {
  assert.equal(
    histogramPage([0, 0.5, 1, 1e6], [0, 0.25, 0.5, 0.75, 2e6], 'text'),
    `# TYPE x histogram
x_bucket{a="b",le="0"} 1
x_bucket{a="b",le="0.5"} 3
x_bucket{a="b",le="1"} 4
x_bucket{a="b",le="1e+06"} 4
x_bucket{a="b",le="+Inf"} 5
x_sum{a="b"} 2000001.5
x_count{a="b"} 5
`,
  );
});

test("bounds are OpenMetrics's canonical numbers", () => {
  const bounds = [-1.5, -1, 0, 1e-10, 0.00001, 0.0001, 0.001, 1, 10, 100_000, 123_456.5, 1_000_000, 1_234_567, 1.1e23];
  const bucketBounds = (format: 'text' | 'openmetrics') =>
    parsePage(histogramPage(bounds, [], format), format)[0]!
      .samples.flatMap(({ labels }) => labels['le'] ?? [])
      .join(' ');
  assert.equal(
    bucketBounds('openmetrics'),
    '-1.5 -1.0 0.0 1e-10 1e-05 0.0001 0.001 1.0 10.0 100000.0 123456.5 1e+06 1.234567e+06 1.1e+23 +Inf',
  );
  assert.equal(
    bucketBounds('text'),
    '-1.5 -1 0 1e-10 1e-05 0.0001 0.001 1 10 100000 123456.5 1e+06 1.234567e+06 1.1e+23 +Inf',
  );
});

const names = (page: string) => new Set(Array.from(page.matchAll(/^x_\w+/gm), ([name]) => name));

test('a sum that is no counter is left out, and in OpenMetrics the count with it', () => {
  const value = classicOf([1], [0.5, 2]);
  const { sum: _, ...sumless } = value;
  for (const without of [
    sumless,
    { ...value, sum: NaN },
    { ...value, sum: Infinity },
    { ...value, sum: -1 },
    { ...value, min: -1 },
    classicOf([-1, 1], [2]),
  ]) {
    const page = (format: 'text' | 'openmetrics') => exposed([histogram('x', [[without]])], format).page;
    assert.deepEqual(names(page('text')), new Set(['x_bucket', 'x_count']));
    assert.deepEqual(names(page('openmetrics')), new Set(['x_bucket']));
  }
});

test('buckets without fixed bounds are left out, and that is said', () => {
  const none = { offset: 0, bucketCounts: [] };
  const value = { scale: 0, zeroCount: 1, count: 1, sum: 0, positive: none, negative: none };
  const { page, warnings } = exposed([exponential('x', [[value]])]);
  assert.equal(page, '');
  assert.match(warnings.join('\n'), /^x is not on the Prometheus page: its buckets have no fixed bounds$/);
});

test('repeated bounds, and bounds that are none, make no bucket', () => {
  const value = { buckets: { boundaries: [-Infinity, 1, 1, Infinity], counts: [1, 2, 4, 8, 16] }, count: 31 };
  assert.match(exposed([histogram('x', [[value]])]).page, /le="1"} 7\nx_bucket\{le="\+Inf"} 31\nx_count 31\n/);
  assert.match(histogramPage([], [1, 2], 'text'), /histogram\nx_bucket\{a="b",le="\+Inf"} 2\nx_sum/);
});
