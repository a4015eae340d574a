// Lines of numbers under each other.

const WIDTHS: Readonly<Record<string, number>> = {
  source: 51,
  files: 5,
  calls: 5,
  absent: 6,
  bytes: 6,
  readings: 8,
  ours: 8,
  p95: 8,
  observe: 7,
  C: 8,
  'C+parse': 8,
  ratio: 6,
  'ratio+parse': 11,
};

export type Cells = Readonly<Record<string, number | string | undefined>>;

/** Aligned to the right but for the first column; times with a decimal, ratios with two. */
function print(cells: Cells): void {
  const texts = Object.entries(WIDTHS).map(([column, width]) => {
    const cell = cells[column] ?? '';
    return column === 'source' ? String(cell).padEnd(width) : String(cell).padStart(width);
  });
  console.log(texts.join(' ').trimEnd());
}

export function printHead(): void {
  print(Object.fromEntries(Object.keys(WIDTHS).map((column) => [column, column])));
}

/** A line, with how many times longer we take than C does; what reads nothing takes no time there. */
export function printLine(cells: Cells & { readonly ours: number; readonly C: number }): void {
  const { ours, C: c, 'C+parse': parsed } = cells;
  const short = (value: number | string | undefined) => (typeof value === 'number' ? value.toFixed(1) : value);
  print({
    ...cells,
    ours: short(ours),
    p95: short(cells['p95']),
    observe: short(cells['observe']),
    C: short(c),
    'C+parse': short(parsed),
    ratio: c > 0.1 ? (ours / c).toFixed(2) : undefined,
    'ratio+parse': typeof parsed === 'number' && parsed > 0.1 ? (ours / parsed).toFixed(2) : undefined,
  });
}
