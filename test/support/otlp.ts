// OTLP/JSON requests as text that a person can compare.

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Point {
  readonly attributes?: readonly KeyValue[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly asInt?: number | string;
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly scale?: number;
}

interface Data {
  readonly dataPoints: readonly Point[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: Data;
  readonly gauge?: Data;
  readonly exponentialHistogram?: Data;
}

export interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly schemaUrl?: string;
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

export interface FlatPoint {
  /** `name{key=value,…}` */
  readonly series: string;
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly value: number;
  /** The whole point, for a person. */
  readonly text: string;
  /** Seconds since 1970. */
  readonly start: number;
  readonly time: number;
}

function attributesText(attributes: readonly KeyValue[] = []): string {
  const pairs = attributes.map(({ key, value }) => `${key}=${String(Object.values(value)[0])}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const seconds = (nanoseconds: string | undefined) => Number(BigInt(nanoseconds ?? 0) / 1_000_000n) / 1000;

function flatten({ name, unit, ...data }: OtlpMetric): readonly FlatPoint[] {
  const [type, { dataPoints, aggregationTemporality, isMonotonic }] = (
    Object.entries(data) as [string, Data | undefined][]
  ).find((entry): entry is [string, Data] => entry[1]?.dataPoints !== undefined)!;
  const kind = type === 'sum' ? (isMonotonic === true ? 'counter' : 'updowncounter') : type;
  const temporality = aggregationTemporality === 1 ? ' delta' : '';
  return dataPoints.map((point) => {
    const series = `${name}${attributesText(point.attributes)}`;
    const value = Number(point.asInt ?? point.asDouble ?? point.count);
    const histogram = `count ${point.count} sum ${point.sum} min ${point.min} max ${point.max}`;
    const shown = type === 'exponentialHistogram' ? histogram : String(value);
    return {
      series,
      name,
      kind,
      unit,
      value,
      text: `${series} ${shown} ${kind}${temporality} ${unit}`,
      start: seconds(point.startTimeUnixNano),
      time: seconds(point.timeUnixNano),
    };
  });
}

export function points(request: OtlpRequest): readonly FlatPoint[] {
  return request.resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(flatten)),
  );
}

export function resourceAttributes(request: OtlpRequest): Readonly<Record<string, string>> {
  const attributes = request.resourceMetrics[0]?.resource.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
}

export function parseRequest(body: Uint8Array): OtlpRequest {
  return JSON.parse(new TextDecoder().decode(body)) as OtlpRequest;
}
