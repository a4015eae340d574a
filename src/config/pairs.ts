// key=value pairs as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS have them: separated by commas,
// percent-encoded (W3C Baggage).

export interface Pairs {
  readonly pairs: Readonly<Record<string, string>>;
  /** What is no pair, as it stands there. */
  readonly malformed: readonly string[];
}

export function parsePairs(text: string): Pairs {
  const pairs: [string, string][] = [];
  const malformed: string[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const key = decode(part.slice(0, Math.max(0, equals)).trim());
    const value = equals < 0 ? undefined : decode(part.slice(equals + 1).trim());
    if (key && value !== undefined) pairs.push([key, value]);
    else malformed.push(part);
  }
  // Not by assignment: "__proto__" is a name like any other.
  return { pairs: Object.fromEntries(pairs), malformed };
}

/** The text of which {@link parsePairs} makes these pairs. */
export function formatPairs(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs].map((pair) => pair.map(encodeURIComponent).join('=')).join(',');
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
