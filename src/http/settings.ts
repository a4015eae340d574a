import { fileSetting, type NamedFile } from '../config/files.ts';
import type { Config } from '../config/load.ts';
import { PROMETHEUS } from '../config/otel-file.ts';
import type { Setting } from '../config/setting.ts';

type HttpSettings = {
  readonly 'http.host': Setting<string>;
  readonly 'http.port': Setting<number | 'off'>;
  readonly 'http.token': Setting<string | undefined>;
  readonly 'http.token_file': Setting<NamedFile | undefined>;
  readonly 'http.tls.cert_file': Setting<NamedFile | undefined>;
  readonly 'http.tls.key_file': Setting<NamedFile | undefined>;
};

export const httpSettings: HttpSettings = {
  'http.host': {
    doc: 'The address on which /metrics, /healthz and /readyz are served.',
    allowed: 'an address of this machine, or a name of one',
    default: '127.0.0.1',
    placeholder: 'HOST',
    parse(text) {
      const host = text.trim().replace(/^\[(.*)\]$/, '$1');
      return /^[\w.:%-]+$/.test(host) ? host : undefined;
    },
    otel: { variables: ['OTEL_EXPORTER_PROMETHEUS_HOST'], keys: [`${PROMETHEUS}.host`] },
  },
  'http.port': {
    doc: 'Its port: 0 takes a free one, off serves nothing.',
    allowed: 'a number from 0 to 65535, or off',
    default: 9464,
    placeholder: 'PORT',
    parse(text) {
      const word = text.trim().toLowerCase();
      if (word === 'off') return 'off';
      return /^\d{1,5}$/.test(word) && Number(word) <= 65_535 ? Number(word) : undefined;
    },
    otel: { variables: ['OTEL_EXPORTER_PROMETHEUS_PORT'], keys: [`${PROMETHEUS}.port`], isLenient: true },
  },
  'http.token': {
    doc: 'What a client of /metrics must show: "Authorization: Bearer TOKEN".',
    allowed: 'a text of at least 8 visible characters',
    default: undefined,
    placeholder: 'TOKEN',
    isSecret: true,
    parse: (text) => (isToken(text.trim()) ? text.trim() : undefined),
  },
  'http.token_file': fileSetting({ doc: 'A file that holds this token.', allowed: 'a file that can be read' }),
  'http.tls.cert_file': fileSetting({
    doc: 'The certificate to serve TLS with.',
    allowed: 'a PEM file that can be read',
  }),
  'http.tls.key_file': fileSetting({ doc: 'The key that belongs to it.', allowed: 'a PEM file that can be read' }),
};

/** The token that is asked for: of the two ways to give it, the one that stands in the place that counts more. */
export function tokenOf({ values, origins }: Pick<Config<HttpSettings>, 'values' | 'origins'>): string | undefined {
  const fromFile = values['http.token_file']?.content.toString().trim();
  const isOver =
    origins.get('http.token')?.place === 'environment' && origins.get('http.token_file')?.place !== 'command line';
  return isOver ? values['http.token'] : (fromFile ?? values['http.token']);
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]{8,}$/.test(text);
}

/** What contradicts itself. */
export function checkHttp({ values, origins }: Config<HttpSettings>): readonly string[] {
  const problems: string[] = [];
  const placeOf = (path: keyof HttpSettings) => origins.get(path)?.place.replace(/, line .*/, '');
  const said = (path: keyof HttpSettings) => `${origins.get(path)!.name} (${origins.get(path)!.place})`;
  if (placeOf('http.token') !== undefined && placeOf('http.token') === placeOf('http.token_file')) {
    problems.push(`${said('http.token')} and ${said('http.token_file')}: both give a token; allowed is one of them`);
  }
  const file = values['http.token_file'];
  if (file !== undefined && !isToken(file.content.toString().trim())) {
    problems.push(
      `${said('http.token_file')}: this file holds no token; allowed is ${httpSettings['http.token'].allowed}`,
    );
  }
  return problems;
}
