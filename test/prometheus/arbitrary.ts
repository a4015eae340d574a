import type { Attributes } from '@opentelemetry/api';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { classicOf, counter, exponential, gauge, histogram, resourceMetrics, scope, updowncounter } from './make.ts';

/** Pieces that mean something to one format or the other, or that are known to trip a parser. */
const PIECES = [
  'a b A 1 _ __ . : - / # { } " \\ \\n , = % ß 😀 total count sum bucket created info target le seconds ratio'.split(
    ' ',
  ),
  ['otel_scope_name', ' ', ' # ', '\t', '\n', '\r', '\r\n', '# EOF\n'],
  ['\0', '\x1b', '\x7f', '\x85', '\u2028', '\uFEFF', '\uD800', '\uDC00'],
].flat();

/** Any text at all, with lone surrogates, and rather often something nasty. */
export const text: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));

/** Few names, so that many clash. */
const closeName: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('a', 'b', 'target', 'a.b'),
    fc.constantFrom('', '.total', '.count', '.sum', '.bucket', '.created', '.info', '.seconds', '.ratio'),
  )
  .map((parts) => parts.join(''));

export const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  text,
  fc.oneof(
    { weight: 4, arbitrary: text },
    fc.boolean(),
    fc.double(),
    fc.array(text, { maxLength: 2 }),
    fc.constant(undefined),
  ),
  { maxKeys: 4 },
);

const number = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }));

const recorded = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 5 });

const classic = fc
  .tuple(fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 4 }), recorded)
  .map(([bounds, values]) =>
    classicOf(
      bounds.toSorted((a, b) => a - b),
      values,
    ),
  );

const counts = fc.record({
  offset: fc.integer({ min: -2000, max: 2000 }),
  bucketCounts: fc.array(fc.nat(3), { maxLength: 5 }),
});

const exponentialValue = fc
  .record({
    scale: fc.integer({ min: -10, max: 20 }),
    zeroCount: fc.nat(2),
    positive: counts,
    negative: counts,
    sum: fc.option(fc.double(), { nil: undefined }),
  })
  .map(({ sum, ...value }) => {
    const all = [...value.positive.bucketCounts, ...value.negative.bucketCounts, value.zeroCount];
    return { ...value, count: all.reduce((a, b) => a + b, 0), ...(sum !== undefined && { sum }) };
  });

function points<T>(value: fc.Arbitrary<T>): fc.Arbitrary<[T, Attributes][]> {
  return fc.array(fc.tuple(value, attributes), { maxLength: 3 });
}

function metric(name: fc.Arbitrary<string>): fc.Arbitrary<MetricData> {
  const rest = fc.record({
    unit: fc.oneof(fc.constantFrom('', 's', 'By', '1', 'By/s', '{x}', '{x}/s', '%', 'rpm'), text),
    description: text,
    isDelta: fc.integer({ max: 9, min: 0 }).map((die) => die === 0),
  });
  return fc.oneof(
    fc.tuple(name, points(number), rest).map((parts) => gauge(...parts)),
    fc.tuple(name, points(number), rest).map((parts) => counter(...parts)),
    fc.tuple(name, points(number), rest).map((parts) => updowncounter(...parts)),
    fc.tuple(name, points(classic), rest).map((parts) => histogram(...parts)),
    fc.tuple(name, points(exponentialValue), rest).map((parts) => exponential(...parts)),
  );
}

/** Everything that the SDK could hand over, and more; names clash often. */
export const anyMetrics: fc.Arbitrary<ResourceMetrics> = fc
  .tuple(
    fc.array(fc.tuple(text, fc.array(metric(fc.oneof(closeName, text)), { maxLength: 5 }), text, text), {
      maxLength: 3,
    }),
    attributes,
  )
  .map(([scopes, resource]) =>
    resourceMetrics(
      scopes.map((parts) => scope(...parts)),
      resource,
    ),
  );
