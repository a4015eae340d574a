import type { Environment } from './setting.ts';

const REFERENCE = /\$\{([^}]*)\}/g;
/** OpenTelemetry's "Configuration Data Model", environment variable substitution: ${NAME}, ${env:NAME}, ${NAME:-default}. */
const NAME = /^(?:env:)?([a-zA-Z_][a-zA-Z0-9_]*)(?::-([^\n]*))?$/;

/**
 * `text` with ${NAME} replaced by variables, "$$" by "$". What is inserted is not looked at again. A variable that is
 * not set or empty counts as the default, or as nothing. Throws an Error that names a reference that is none.
 */
export function substitute(text: string, env: Environment): string {
  const parts = text.split('$$').map((part) =>
    part.replaceAll(REFERENCE, (reference, inside: string) => {
      const match = NAME.exec(inside);
      if (match === null) throw new Error(`${hidden(reference)} is not a reference to a variable such as \${NAME}`);
      const [, name, otherwise = ''] = match;
      return (Object.hasOwn(env, name!) && env[name!]) || otherwise;
    }),
  );
  return parts.join('$');
}

/** What stands for want of a variable may be a secret. */
function hidden(reference: string): string {
  return reference.replace(/:.*\}$/s, ':…}');
}
