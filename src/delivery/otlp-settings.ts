import { fileSetting, type NamedFile } from '../config/files.ts';
import { OTLP_HTTP } from '../config/otel-file.ts';
import { formatPairs, parsePairs } from '../config/pairs.ts';
import { choiceSetting, type Setting } from '../config/setting.ts';

// OpenTelemetry's "OTLP Exporter Configuration". What would send data to another place than the one meant, or over a line
// less safe than the one meant, stops the start; a malformed number or word is passed over with a warning, as it says.

/** The variable for metrics alone, which wins, and the one for all signals. */
function names(kind: string, keys: readonly string[], isLenient?: true) {
  return {
    variables: [`OTEL_EXPORTER_OTLP_METRICS_${kind}`, `OTEL_EXPORTER_OTLP_${kind}`],
    keys: keys.map((key) => `${OTLP_HTTP}.${key}`),
    ...(isLenient && { isLenient }),
  };
}

type OtlpSettings = {
  readonly 'otel.exporter.otlp.endpoint': Setting<string>;
  readonly 'otel.exporter.otlp.protocol': Setting<'http/json'>;
  readonly 'otel.exporter.otlp.headers': Setting<Readonly<Record<string, string>>>;
  readonly 'otel.exporter.otlp.compression': Setting<'gzip' | 'none'>;
  readonly 'otel.exporter.otlp.timeout': Setting<number>;
  readonly 'otel.exporter.otlp.certificate': Setting<NamedFile | undefined>;
  readonly 'otel.exporter.otlp.client.certificate': Setting<NamedFile | undefined>;
  readonly 'otel.exporter.otlp.client.key': Setting<NamedFile | undefined>;
};

export const otlpSettings: OtlpSettings = {
  'otel.exporter.otlp.endpoint': {
    doc: 'Where metrics are sent. To the variable for all signals /v1/metrics is added.',
    allowed: 'a URL such as http://localhost:4318',
    default: 'http://localhost:4318/v1/metrics',
    placeholder: 'URL',
    isSecret: true,
    show: (url) => withoutSecrets(new URL(url)),
    parse: parseEndpoint,
    otel: names('ENDPOINT', ['endpoint']),
  },
  'otel.exporter.otlp.protocol': {
    doc: 'How metrics are encoded.',
    allowed: 'http/json (in the file: encoding json)',
    default: 'http/json',
    placeholder: 'WORD',
    // The variable has the transport in it, the key stands below otlp_http.
    parse: (text, name) =>
      text.trim().toLowerCase() === (name.startsWith('OTEL_') ? 'http/json' : 'json') ? 'http/json' : undefined,
    otel: names('PROTOCOL', ['encoding']),
  },
  'otel.exporter.otlp.headers': {
    doc: 'Headers of each request, a token for one.',
    allowed: 'key=value pairs separated by commas, percent-encoded, such as authorization=Bearer%20abc',
    default: {},
    placeholder: 'PAIRS',
    isSecret: true,
    show: (headers) => formatPairs(Object.keys(headers).map((name) => [name, '***'])),
    parse: parseHeaders,
    otel: names('HEADERS', ['headers_list', 'headers']),
  },
  'otel.exporter.otlp.compression': choiceSetting({
    doc: 'Whether requests are compressed.',
    words: ['none', 'gzip'],
    default: 'none',
    otel: names('COMPRESSION', ['compression'], true),
  }),
  'otel.exporter.otlp.timeout': {
    doc: 'How long one request may take, in milliseconds; 0 is without end.',
    allowed: 'a whole number of milliseconds',
    default: 10_000,
    placeholder: 'NUMBER',
    parse: (text) => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined),
    otel: names('TIMEOUT', ['timeout'], true),
  },
  'otel.exporter.otlp.certificate': fileSetting({
    doc: 'Certificates of those whom the receiver may be signed by.',
    allowed: 'a PEM file that can be read',
    check: (content) => (isCertificate(content) ? undefined : 'this file holds no certificate'),
    otel: names('CERTIFICATE', ['tls.ca_file']),
  }),
  'otel.exporter.otlp.client.certificate': fileSetting({
    doc: 'The certificate that is shown to the receiver.',
    allowed: 'a PEM file that can be read',
    otel: names('CLIENT_CERTIFICATE', ['tls.cert_file']),
  }),
  'otel.exporter.otlp.client.key': fileSetting({
    doc: 'The key that belongs to it.',
    allowed: 'a PEM file that can be read',
    otel: names('CLIENT_KEY', ['tls.key_file']),
  }),
};

function parseEndpoint(text: string, name: string): string | undefined {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined;
  if (name !== 'OTEL_EXPORTER_OTLP_ENDPOINT') return url.href;
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
  return url.href;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** Visible characters, blanks and tabs of Latin-1 (RFC 9110, 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const OWN_HEADERS =
  /^(content-(length|type|encoding)|transfer-encoding|connection|keep-alive|expect|upgrade|te|trailer)$/i;

/** A receiver would see requests without what was meant to be in them: one bad pair is enough to refuse all. */
function parseHeaders(text: string): Readonly<Record<string, string>> {
  const { pairs, malformed } = parsePairs(text);
  const [bad] = malformed;
  if (bad !== undefined) {
    const what = bad.includes('=') ? 'has no name or is not percent-encoded rightly' : 'has no "="';
    throw new Error(`pair ${text.split(',').indexOf(bad) + 1} ${what}`);
  }
  // It is not repeated: where there is no "=" but those that end a base64 text, the secret is taken for the name.
  const nth = Object.keys(pairs).findIndex((key) => !TOKEN.test(key));
  if (nth >= 0) throw new Error(`pair ${nth + 1} has a name that no header can have`);
  const own = Object.keys(pairs).find((key) => OWN_HEADERS.test(key));
  if (own !== undefined) throw new Error(`${own} is a header that jobmeter writes itself`);
  const entry = Object.entries(pairs).find(([, value]) => !FIELD_VALUE.test(value));
  if (entry !== undefined) throw new Error(`the value of ${entry[0]} holds a character that no header may hold`);
  return pairs;
}

/** TLS takes a file without any in silence, and then trusts nobody. */
function isCertificate(content: Buffer): boolean {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  try {
    return new X509Certificate(content).subject !== undefined;
  } catch {
    return false;
  }
}

/** A URL as a log may show it: user, password and query may hold secrets. */
export function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
