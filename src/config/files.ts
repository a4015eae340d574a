import { readFileSync } from 'node:fs';
import type { Setting } from './setting.ts';

/** A file that a setting names, read once, when the setting is: it may be a pipe. */
export interface NamedFile {
  readonly path: string;
  readonly content: Buffer;
}

export function fileSetting(spec: {
  doc: string;
  allowed: string;
  otel?: Setting<unknown>['otel'];
}): Setting<NamedFile | undefined> {
  return {
    ...spec,
    default: undefined,
    placeholder: 'FILE',
    show: (file) => file?.path ?? '',
    parse: (text) => ({ path: text, content: readWhole(text) }),
  };
}

/** The content of a file that a setting names. Throws an Error for a person. */
export function readWhole(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`cannot read ${JSON.stringify(file)} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
