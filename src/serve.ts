import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import type { Clock } from './clock.ts';
import { compress } from './http/encoding.ts';
import { type Answer, plain, type Route } from './http/route.ts';
import { type LocalServer, startServer } from './http/server.ts';
import { tokenOf } from './http/settings.ts';
import type { Log } from './log.ts';
import { expose, type Format } from './prometheus/exposition.ts';
import { contentType, negotiate } from './prometheus/negotiate.ts';
import type { Sample } from './sampler.ts';
import { type AgentConfig, isPageServed } from './settings.ts';
import { VERSION } from './version.ts';

/** What the local server asks of the agent. */
export interface Served {
  newest(): Sample | undefined;
  collect(): Promise<CollectionResult>;
  livenessTrouble(): string | undefined;
  readinessTrouble(): string | undefined;
}

/** A client that asks who is there can tell. */
const SERVER = `jobmeter/${VERSION}`;

/** Serves /metrics, /healthz and /readyz as the settings say. A port that cannot be had is said, and nothing is served. */
export async function startLocalServer(
  config: AgentConfig,
  served: Served,
  { clock, log }: { clock: Clock; log: Log },
): Promise<LocalServer | undefined> {
  const { values } = config;
  const routes: Route[] = [
    { path: '/healthz', isOpen: true, answer: () => health(served.livenessTrouble()) },
    { path: '/readyz', isOpen: true, answer: () => health(served.readinessTrouble()) },
  ];
  if (isPageServed(config)) routes.unshift(metricsRoute(values, served, log));
  try {
    const server = await startServer({ ...serverOptions(config), routes, clock, log });
    if (!server.isLocal && serverOptions(config).token === undefined) {
      log.warn(`${server.address} is open to other machines, without a token; JOBMETER_HTTP_TOKEN would ask for one`);
    }
    return server;
  } catch (error) {
    log.warn(describeListenError(config, error as NodeJS.ErrnoException));
    return undefined;
  }
}

/** Where and how to listen, by the settings. */
export function serverOptions({ values, origins }: AgentConfig): {
  host: string;
  port: number;
  token: string | undefined;
  tls: { cert: Uint8Array; key: Uint8Array } | undefined;
} {
  const [cert, key] = [values['http.tls.cert_file']?.content, values['http.tls.key_file']?.content];
  return {
    host: values['http.host'],
    port: values['http.port'] === 'off' ? 0 : values['http.port'],
    token: tokenOf({ values, origins }),
    tls: cert && key && { cert, key },
  };
}

/** Why nothing is served, and what would mend it. */
export function describeListenError({ values }: Pick<AgentConfig, 'values'>, error: NodeJS.ErrnoException): string {
  const where = `${values['http.host']}:${values['http.port']}`;
  const causes: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there; JOBMETER_HTTP_PORT chooses another port, "off" none',
    EACCES: 'this user may not listen there; JOBMETER_HTTP_PORT chooses another port',
    EADDRNOTAVAIL: 'no interface of this machine has this address; JOBMETER_HTTP_HOST chooses another one',
    ENOTFOUND: 'this name is not known; JOBMETER_HTTP_HOST chooses another one',
  };
  return `cannot serve /metrics on ${where}: ${causes[error.code ?? ''] ?? error.message}`;
}

function health(trouble: string | undefined): Answer {
  return plain(trouble === undefined ? 200 : 503, trouble ?? 'ok', { server: SERVER });
}

type Page = Pick<Answer, 'body' | 'gzip'>;

/** The page as of the newest sample. It is made once for each: however often it is asked for, a tick costs one. */
function metricsRoute(values: AgentConfig['values'], served: Served, log: Log): Route {
  const options = {
    scopeInfo: values['prometheus.scope_info'],
    targetInfo: values['prometheus.target_info'],
    warn: (line: string) => log.warn(`/metrics: ${line}`),
  };
  const pages = new Map<Format, { readonly of: Sample; readonly page: Promise<Page> }>();

  async function makePage(format: Format): Promise<Page> {
    const { resourceMetrics, errors } = await served.collect();
    for (const error of errors) log.warn(`a part of /metrics is left out: ${(error as Error).message}`);
    const body = Buffer.from(expose(resourceMetrics, format, options));
    let compressed: Promise<Uint8Array> | undefined;
    return { body, gzip: () => (compressed ??= compress(body)) };
  }

  return {
    path: '/metrics',
    async answer({ accept }) {
      const format = negotiate(accept);
      const sample = served.newest();
      if (sample === undefined) return plain(503, 'no sample was taken yet');
      let entry = pages.get(format);
      if (entry?.of !== sample) {
        entry = { of: sample, page: makePage(format) };
        pages.set(format, entry);
        // One that failed is tried again by the next who asks.
        entry.page.catch(() => pages.delete(format));
      }
      const page = await entry.page;
      return { status: 200, type: contentType(format), ...page, headers: { vary: 'accept', server: SERVER } };
    },
  };
}
