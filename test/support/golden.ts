import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Compares with the committed file; with UPDATE_GOLDEN=1 in the environment it writes the file instead. */
export function assertGolden(file: string, actual: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
  assert.equal(
    actual,
    existsSync(file) ? readFileSync(file, 'utf8') : '',
    `${file} differs: UPDATE_GOLDEN=1 npm test rewrites it`,
  );
}
