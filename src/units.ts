// Numbers for a person.

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** power)} ${BINARY[power]}`;
}

/** Three significant digits at the most, without an exponent. */
export function formatNumber(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export function formatSeconds(milliseconds: number): string {
  return `${formatNumber(milliseconds / 1000)} s`;
}
