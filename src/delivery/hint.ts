// What would mend it, by what went wrong: an HTTP status or an error code.

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const HEADERS = 'see OTEL_EXPORTER_OTLP_HEADERS';

const HINTS: readonly (readonly [RegExp, string | ((url: URL) => string)])[] = [
  [/^ECONNREFUSED$/, `start a collector there, or set ${ENDPOINT} to where one listens`],
  [/^(ENOTFOUND|EAI_AGAIN)$/, `see whether the name in ${ENDPOINT} is right and can be looked up from here`],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, 'see whether there is a route to it from here'],
  [/^ETIMEDOUT$/, 'the receiver is slow, or a firewall or security group swallows what is sent'],
  [/^HPE_|^ECONNRESET$/, protocolHint],
  [/^EPROTO$|^ERR_SSL_WRONG_VERSION_NUMBER$/, 'if the other side does not speak TLS, the endpoint begins with http://'],
  [
    /^(CERT_UNTRUSTED|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/,
    'name a file with the certificate that signed it in OTEL_EXPORTER_OTLP_CERTIFICATE',
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    `the certificate is for another name than the one in ${ENDPOINT}`,
  ],
  [/^CERT_HAS_EXPIRED$/, 'the receiver needs a new certificate'],
  [/^(401|403|407)$/, HEADERS],
  [
    /^(404|405)$/,
    ({ pathname }) =>
      `the path is ${pathname}: ${ENDPOINT} gets /v1/metrics added, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is used as it is`,
  ],
  [/^501$/, 'is this an OTLP receiver?'],
  [/^415$/, 'the receiver does not take OTLP in JSON'],
  [/^30\d$/, `redirects are not followed: set ${ENDPOINT} to where it leads`],
];

/** `code`: the HTTP status, or the code of the error. */
export function hint(code: string | number, url: URL): { readonly hint?: string } {
  const found = HINTS.find(([pattern]) => pattern.test(String(code)))?.[1];
  const text = typeof found === 'function' ? found(url) : found;
  return text ? { hint: text } : {};
}

function protocolHint({ port, protocol }: URL): string {
  if (port === '4317') return 'port 4317 is that of gRPC as a rule: OTLP over HTTP is at 4318';
  return protocol === 'http:' ? 'if the other side speaks TLS, the endpoint begins with https://' : '';
}
