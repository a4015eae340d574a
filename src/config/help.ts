import { COMMANDS } from './command-line.ts';
import { namesOf, type Schema } from './setting.ts';

const WIDTH = 24;

export function helpText(schema: Schema, version: string): string {
  const own = Object.entries(schema).flatMap(([path, setting]) => {
    const { flag, variable, otelVariables } = namesOf(path, setting);
    const name = variable ?? otelVariables[0];
    const option = [flag ?? name, setting.placeholder].filter((word) => word !== undefined).join(' ');
    const also = flag === undefined ? '' : ` (${name})`;
    return flag === undefined && variable === undefined ? [] : [line(option, `${setting.doc}${also}`)];
  });
  const standard = Object.entries(schema).flatMap(([path, setting]) => {
    const { variable, otelVariables } = namesOf(path, setting);
    return variable === undefined && otelVariables.length > 0 ? [line(otelVariables.at(-1)!, setting.doc)] : [];
  });
  return `jobmeter ${version} meters this container and this host and exports what it measures as OpenTelemetry metrics.

Usage: jobmeter [OPTION...]             meter until a signal comes
       jobmeter check [OPTION...]       show the settings, and try every source and destination
       jobmeter metrics [OPTION...]     list all metrics, and which of them are on

${own.join('\n')}
${line('--json', `${COMMANDS.join(' and ')}: as JSON.`)}
${line('--help, -h', 'Say this.')}
${line('--version, -V', 'Say the version.')}

Each option can also be set by the variable behind it, or in the file that --config names. What OpenTelemetry specifies is
set by its own variables (those for one signal, OTEL_EXPORTER_OTLP_METRICS_..., win), or in that file:

${standard.join('\n')}

Exit status: 0 after a signal to end; 1 if --once could not deliver, or check found what does not work; 2 for usage and
configuration errors.
`;
}

function line(option: string, doc: string): string {
  return option.length <= WIDTH ? `  ${option.padEnd(WIDTH)} ${doc}` : `  ${option}\n  ${' '.repeat(WIDTH)} ${doc}`;
}
