import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Format } from '../../src/prometheus/exposition.ts';
import { contentType, negotiate } from '../../src/prometheus/negotiate.ts';

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

const ACCEPT: Readonly<Record<string, readonly [header: string | undefined, format: Format]>> = {
  'Prometheus 2.42': [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  'Prometheus 2.42 with native histograms': [
    `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    'openmetrics',
  ],
  'Prometheus 2.53': [
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  'Prometheus 3': [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    'openmetrics',
  ],
  'Prometheus 3 with native histograms': [
    `${PROTOBUF};q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3`,
    'openmetrics',
  ],
  'Prometheus 3 that is set to prefer text': [
    'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.3',
    'text',
  ],
  'no header': [undefined, 'text'],
  'an empty header': ['', 'text'],
  nonsense: [';;q=,"', 'text'],
  curl: ['*/*', 'text'],
  'a browser': ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  'neither format': ['application/json', 'text'],
  'a wildcard for OpenMetrics': ['application/*', 'text'],
  'OpenMetrics without a version': ['application/openmetrics-text', 'openmetrics'],
  'OpenMetrics 1.0, in capitals, with spaces and quotes': [
    'Application/OpenMetrics-Text ; Version="1.0" ; Q=0.5 , text/plain ; q=0.4',
    'openmetrics',
  ],
  'a weight in capitals': ['application/openmetrics-text;Q=0.5,text/plain;q=0.6', 'text'],
  'an older OpenMetrics only': ['application/openmetrics-text;version=0.0.1', 'text'],
  'a later OpenMetrics only': ['application/openmetrics-text;version=2.0.0', 'text'],
  'both alike': ['text/plain,application/openmetrics-text', 'openmetrics'],
  'anything rather than OpenMetrics': ['application/openmetrics-text;q=0.5,*/*', 'text'],
  'text/* rather than OpenMetrics': ['application/openmetrics-text;q=0.5,text/*;q=0.6', 'text'],
  'OpenMetrics rather than the text it names, whatever else it takes': [
    'application/openmetrics-text;q=0.5,text/plain;q=0.4,*/*;q=0.9',
    'openmetrics',
  ],
  'another version of the text format, which this page does not have': [
    'application/openmetrics-text;q=0.5,text/plain;version=1.0.0',
    'openmetrics',
  ],
  'no OpenMetrics': ['application/openmetrics-text;q=0', 'text'],
  'no OpenMetrics of this version': [
    'application/openmetrics-text;version=1.0.0;q=0,application/openmetrics-text',
    'text',
  ],
  'a weight that is none': ['application/openmetrics-text;q=high', 'text'],
  'a weight above one': ['application/openmetrics-text;q=0.5,*/*;q=2', 'openmetrics'],
  'a comma within quotes': ['text/plain;a=", application/openmetrics-text,"', 'text'],
  'a quote that does not end': ['application/openmetrics-text,x;a="', 'openmetrics'],
};

for (const [name, [header, format]] of Object.entries(ACCEPT)) {
  test(`Accept: ${name}`, () => assert.equal(negotiate(header), format));
}

test('each format says what it is', () => {
  assert.equal(contentType('text'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(contentType('openmetrics'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
});

test('any header at all gets an answer, and at once', () => {
  const piece = fc.constantFrom(
    'application/openmetrics-text',
    'text/plain',
    '*/*',
    ';',
    ',',
    'q=',
    '0.5',
    '"',
    '\\',
    ' ',
    '=',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 200 }), (pieces) => {
      const header = pieces.join('');
      assert.ok(['text', 'openmetrics'].includes(negotiate(header)));
    }),
  );
  negotiate('"\\'.repeat(8000));
});
