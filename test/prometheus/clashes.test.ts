import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { classicOf, counter, exposed, gauge, histogram, lines, resourceMetrics, scope } from './make.ts';
import { parsePage } from './parse.ts';

const FORMATS = ['text', 'openmetrics'] as const;

/** metrics -> what is left of them in either format, without metadata, and the names in the warnings. */
const CLASHES: Readonly<Record<string, readonly [readonly MetricData[], readonly string[], readonly string[]]>> = {
  'two kinds under one name': [[gauge('x.y', [[1]]), histogram('x_y', [[classicOf([], [])]])], ['x_y 1'], ['x_y']],
  'a counter and a gauge that ends like one': [
    [counter('x', [[1]]), gauge('x.total', [[2]])],
    ['x_total 1'],
    ['x.total'],
  ],
  'a gauge that ends like a counter, and the counter': [
    [gauge('x.total', [[2]]), counter('x', [[1]])],
    ['x_total 2'],
    ['x'],
  ],
  'a counter beside a gauge of its name': [[gauge('x', [[1]]), counter('x', [[2]])], ['x 1'], ['x']],
  'a gauge that could be when a counter began': [
    [counter('x', [[1]]), gauge('x.created', [[2]])],
    ['x_total 1'],
    ['x.created'],
  ],
  'a gauge that is a part of a histogram': [
    [histogram('x', [[classicOf([], [1])]]), gauge('x.count', [[1]]), gauge('x.sum', [[1]]), gauge('x.bucket', [[1]])],
    ['x_bucket{le="+Inf"} 1', 'x_sum 1', 'x_count 1'],
    ['x.count', 'x.sum', 'x.bucket'],
  ],
  'a histogram a part of which is a gauge': [
    [gauge('x.count', [[1]]), histogram('x', [[classicOf([], [1])]])],
    ['x_count 1'],
    ['x'],
  ],
  'a point twice': [
    [gauge('x', [[1, { a: 'b' }], [2], [3, { a: 'b' }], [4, { a: 'b', c: '' }]])],
    ['x{a="b"} 1', 'x 2'],
    ['x', 'x'],
  ],
  'a point twice, by two metrics': [
    [gauge('x.y', [[1]]), gauge('x-y', [[2], [3, { a: 'b' }]])],
    ['x_y 1', 'x_y{a="b"} 3'],
    ['x-y'],
  ],
  'the histogram of a point twice': [
    [histogram('x', [[classicOf([], [1])], [classicOf([1], [1])]])],
    ['x_bucket{le="+Inf"} 1', 'x_sum 1', 'x_count 1'],
    ['x'],
  ],
  'a name of which nothing is left': [[gauge('…', [[1]]), counter('total', [[1]])], [], ['…', 'total']],
};

for (const [name, [metrics, left, warned]] of Object.entries(CLASHES)) {
  test(`clash: ${name}`, () => {
    for (const format of FORMATS) {
      assert.deepEqual(lines(metrics, format), left);
      const { page, warnings } = exposed(metrics, format);
      parsePage(page, format);
      assert.deepEqual(
        warnings.map((line) => line.split(' ')[0]),
        warned,
      );
    }
  });
}

test('no metric takes the place of the target', () => {
  const metrics = resourceMetrics([scope('s', [gauge('target.info', [[1]]), gauge('target', [[2]])])], { a: 'b' });
  for (const format of FORMATS) {
    const { page, warnings } = exposed(metrics, format, { targetInfo: true });
    assert.deepEqual(
      parsePage(page, format).flatMap(({ samples }) => samples),
      [{ name: 'target_info', labels: { a: 'b' }, value: 1 }],
    );
    assert.equal(warnings.length, 2);
    assert.deepEqual(lines(metrics, format), ['target 2', 'target_info 1']);
  }
});
