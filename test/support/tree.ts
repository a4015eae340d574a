import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A directory of its own with these files: path -> content. A path that ends with "/" is an empty directory. */
export function createTree(files: Readonly<Record<string, string>>): { readonly root: string; remove(): void } {
  const root = mkdtempSync(path.join(tmpdir(), 'jobmeter-'));
  for (const [file, content] of Object.entries(files)) {
    const where = path.join(root, file);
    mkdirSync(file.endsWith('/') ? where : path.dirname(where), { recursive: true });
    if (!file.endsWith('/')) writeFileSync(where, content);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
