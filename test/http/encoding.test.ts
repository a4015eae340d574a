import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip, compress } from '../../src/http/encoding.ts';

const table: Readonly<Record<string, boolean>> = {
  gzip: true,
  GZIP: true,
  'x-gzip': true,
  'deflate, gzip;q=1.0, *;q=0.5': true,
  'gzip ; q=0.001': true,
  'gzip;Q=1': true,
  '*': true,
  'identity;q=1, *;q=0.1': true,
  'br, deflate': false,
  'gzip;q=0': false,
  'gzip;q=0.000, *': false,
  '*;q=0': false,
  'gzip;q=much': false,
  'gzip;q=': false,
  'gzip;q=-1': false,
  gzipped: false,
  identity: false,
  '': false,
  ',,;;q=1,': false,
};
for (const [header, expected] of Object.entries(table)) {
  test(`"${header}" ${expected ? 'asks' : 'does not ask'} for gzip`, () => assert.equal(acceptsGzip(header), expected));
}

test('no header asks for nothing', () => assert.equal(acceptsGzip(undefined), false));

test('what is compressed can be had back', async () => {
  const body = Buffer.from('some_metric 1\n'.repeat(1000));
  assert.deepEqual(gunzipSync(await compress(body)), body);
});
