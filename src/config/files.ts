import { readFileSync } from 'node:fs';
import type { Setting } from './setting.ts';

/** A file that a setting names, read once, when the setting is: it may be a pipe. */
export interface NamedFile {
  readonly path: string;
  readonly content: Buffer;
}

/** `check` says what is wrong with the content. */
export function fileSetting(spec: {
  doc: string;
  allowed: string;
  otel?: Setting<unknown>['otel'];
  check?(content: Buffer): string | undefined;
}): Setting<NamedFile | undefined> {
  const { check, ...rest } = spec;
  return {
    ...rest,
    default: undefined,
    placeholder: 'FILE',
    show: (file) => file?.path ?? '',
    parse(text) {
      const path = text.trim();
      const content = readWhole(path);
      const problem = check?.(content);
      if (problem !== undefined) throw new Error(problem);
      return { path, content };
    },
  };
}

/** The content of a file that a setting names. Throws an Error for a person. */
export function readWhole(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new Error(`cannot read ${describePath(file)} (${code})`, { cause: error });
  }
}

/** Some put a key or a token where the name of its file belongs: only what is clearly a path is repeated. */
function describePath(file: string): string {
  return /^(\.{0,2}\/)[\w./ -]{1,200}$|^[\w-]{1,64}\.\w{1,8}$/.test(file)
    ? JSON.stringify(file)
    : 'a file of this name; the name of a file is wanted here, not what is in it';
}
