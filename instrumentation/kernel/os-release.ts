import type { Bytes } from './bytes.ts';

/** What the operating system calls itself: the fields of os-release(5) that have a value. */
export interface OsRelease {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
}

const FIELDS: ReadonlyMap<string, keyof OsRelease> = new Map([
  ['NAME', 'name'],
  ['VERSION_ID', 'version'],
  ['PRETTY_NAME', 'description'],
] as const);

/** Parses /etc/os-release: shell assignments, values bare or quoted. Lines of any other form are passed over. */
export function parseOsRelease(bytes: Bytes): OsRelease {
  const found: { -readonly [K in keyof OsRelease]: string } = {};
  // What stands after the last newline may be cut off.
  for (const line of new TextDecoder().decode(bytes).split('\n').slice(0, -1)) {
    const match = /^([A-Z_]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']*))\s*$/.exec(line);
    const field = FIELDS.get(match?.[1] ?? '');
    const value = match?.[2]?.replaceAll(/\\(.)/g, '$1') ?? match?.[3] ?? match?.[4];
    if (field !== undefined && value !== undefined && value !== '') found[field] = value;
  }
  return found;
}
