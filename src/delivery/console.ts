import type { Destination } from './destination.ts';

/** The exporter "console" of OpenTelemetry: each record is written through `write`, as text or as OTLP in JSON lines. */
export function createConsoleDestination(write: (text: string) => void, isPretty: boolean): Destination {
  return {
    name: 'console',
    address: 'standard error',
    mostRecords: 1,
    mostBytes: Infinity,
    async send(records) {
      for (const record of records) {
        const json = new TextDecoder().decode(record);
        write(isPretty ? describeRecord(json) : `${json}\n`);
      }
      return { kind: 'delivered' };
    },
  };
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly timeUnixNano: string;
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
}

interface Data {
  readonly dataPoints: readonly Point[];
}

interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: Data;
  readonly sum?: Data;
  readonly histogram?: Data;
  readonly exponentialHistogram?: Data;
}

interface Request {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
}

/** One line a data point: name, attributes, value, unit. */
function describeRecord(json: string): string {
  const { resourceMetrics } = JSON.parse(json) as Request;
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const lines = metrics.flatMap(({ name, unit, gauge, sum, histogram, exponentialHistogram }) =>
    [gauge, sum, histogram, exponentialHistogram].flatMap((data) =>
      (data?.dataPoints ?? []).map((point) => describePoint(name, unit, point)),
    ),
  );
  return `${lines.join('\n')}\n`;
}

function describePoint(name: string, unit: string, { attributes = [], ...point }: Point): string {
  const labels = attributes.map(({ key, value }) => `${key}=${String(Object.values(value)[0])}`).join(',');
  const value = point.count === undefined ? (point.asInt ?? point.asDouble) : `count ${point.count} sum ${point.sum}`;
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value} ${unit}`;
}
