import { setTimeout as sleep } from 'node:timers/promises';
import type { Output } from '../output.ts';
import type { Destination } from './destination.ts';

/**
 * The exporter "console" of OpenTelemetry: each record is written to `output`, as text or as OTLP in JSON lines. What
 * does not get out, since nobody reads, waits in the journal.
 */
export function createConsoleDestination(output: Pick<Output, 'write' | 'flush'>, isPretty: boolean): Destination {
  /** A record of which a part is out. */
  let begun: Uint8Array | undefined;

  function write(record: Uint8Array): boolean {
    if (record === begun) return output.flush();
    const json = new TextDecoder().decode(record);
    const written = output.write(isPretty ? describeRecord(json) : `${json}\n`);
    begun = written === 'begun' ? record : undefined;
    return written === 'out';
  }

  return {
    name: 'console',
    address: 'standard error',
    mostRecords: 1,
    mostBytes: Infinity,
    async send(records, signal) {
      for (const record of records) {
        for (let waited = 0; !write(record); waited += PAUSE) {
          if (waited >= PATIENCE || signal.aborted) return { kind: 'transient', reason: 'nobody reads what it writes' };
          await sleep(PAUSE);
        }
      }
      return { kind: 'delivered' };
    },
  };
}

/**
 * Milliseconds. A pipe holds less than a record of a large machine, so whoever reads gets a moment to keep up before that
 * is called a trouble.
 */
const PATIENCE = 1000;
const PAUSE = 10;

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
