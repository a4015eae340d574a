// Every setting. Each is declared beside the code that uses it; a new block is one line here.

import { catalogue } from './catalogue.ts';
import { type Check, type Config, fileSettings } from './config/load.ts';
import { type Given, type Setting, switchSetting } from './config/setting.ts';
import { otlpSettings } from './delivery/otlp-settings.ts';
import { hostSettings } from './host.ts';
import { checkHttp, httpSettings } from './http/settings.ts';
import { limitSettings } from './limit-settings.ts';
import { logSettings } from './log.ts';
import { prometheusSettings } from './prometheus/settings.ts';
import { samplerSettings } from './sampler.ts';
import { checkPatterns, selectionSettings } from './selection.ts';
import { telemetrySettings } from './telemetry/settings.ts';

const modeSettings: { readonly once: Setting<boolean> } = {
  once: switchSetting('Take two samples one interval apart, deliver them, and end: 0 if that worked, else 1.'),
};

export const schema: typeof samplerSettings &
  typeof modeSettings &
  typeof hostSettings &
  typeof selectionSettings &
  typeof limitSettings &
  typeof logSettings &
  typeof httpSettings &
  typeof prometheusSettings &
  typeof fileSettings &
  typeof telemetrySettings &
  typeof otlpSettings = {
  ...samplerSettings,
  ...modeSettings,
  ...hostSettings,
  ...selectionSettings,
  ...limitSettings,
  ...logSettings,
  ...httpSettings,
  ...prometheusSettings,
  ...fileSettings,
  ...telemetrySettings,
  ...otlpSettings,
};

export type AgentConfig = Config<typeof schema>;

/** What cannot be together. */
export const checks: readonly Check<typeof schema>[] = [
  checkHttp,
  checkPatterns(catalogue),
  checkOnce,
  checkPage,
  checkTls,
];

/** The exporters that push: what is left of them when OpenTelemetry is switched off. */
export function pushExporters({ values }: AgentConfig): readonly ('otlp' | 'console')[] {
  if (values['otel.sdk.disabled']) return [];
  return values['otel.metrics.exporter'].filter((exporter) => exporter !== 'prometheus');
}

/** Whether /metrics is served. */
export function isPageServed({ values }: AgentConfig): boolean {
  return !values['otel.sdk.disabled'] && values['otel.metrics.exporter'].includes('prometheus');
}

/** Whether a port is opened: for /metrics, or since its address was asked for. */
export function isServerOn(config: AgentConfig): boolean {
  const { values, origins } = config;
  if (values['http.port'] === 'off' || values.once) return false;
  return isPageServed(config) || (['http.host', 'http.port'] as const).some((path) => isOwn(origins.get(path)));
}

/** Whether it was given by a name of jobmeter's own: OpenTelemetry's go with its exporter. */
function isOwn(given: Given | undefined): boolean {
  return given !== undefined && !/^(OTEL_|meter_provider)/.test(given.name);
}

/** Why nothing is exported, where no way out is on. */
export function reasonForSilence({ values, origins }: AgentConfig): string {
  const given = origins.get(values['otel.sdk.disabled'] ? 'otel.sdk.disabled' : 'otel.metrics.exporter');
  return given === undefined ? 'no way out is on' : `${given.name} (${given.place}) says so`;
}

/** The page is the only way out, and has no port. */
function checkPage({ values, origins }: AgentConfig): readonly string[] {
  const [exporter, ...more] = values['otel.metrics.exporter'];
  if (exporter !== 'prometheus' || more.length > 0 || values['http.port'] !== 'off') return [];
  const { name, place } = origins.get('http.port')!;
  return [`${name} (${place}): "off" leaves no way out, since prometheus is the only exporter; allowed is a port`];
}

function checkOnce(config: AgentConfig): readonly string[] {
  if (!config.values.once || pushExporters(config).length > 0) return [];
  const { name, place } = config.origins.get('once')!;
  return [`${name} (${place}): nothing is there to deliver to; allowed with otlp or console among the exporters`];
}

/** Certificates and keys that TLS does not take: tried, since that is what would be done with them. */
function checkTls({ values, origins }: AgentConfig): readonly string[] {
  const pairs = [
    ['otel.exporter.otlp.client.certificate', 'otel.exporter.otlp.client.key'],
    ['http.tls.cert_file', 'http.tls.key_file'],
  ] as const;
  return pairs.flatMap(([certPath, keyPath]) => {
    const [cert, key] = [values[certPath]?.content, values[keyPath]?.content];
    if (cert === undefined && key === undefined) return [];
    const said = (path: typeof certPath | typeof keyPath) => `${origins.get(path)!.name} (${origins.get(path)!.place})`;
    if (cert === undefined || key === undefined) {
      return [
        `${said(cert === undefined ? keyPath : certPath)}: a certificate and its key belong together; allowed are both or neither`,
      ];
    }
    try {
      process.getBuiltinModule('node:tls').createSecureContext({ cert, key });
      return [];
    } catch (error) {
      const why = /:([^:]+)$/.exec((error as Error).message)?.[1] ?? (error as Error).message;
      return [
        `${said(certPath)} and ${said(keyPath)}: ${why}; allowed are a certificate and its key in PEM, without a passphrase`,
      ];
    }
  });
}
