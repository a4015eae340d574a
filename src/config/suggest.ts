/** ", did you mean …?" with the known name that differs least, in at most two letters; nothing where there is none. */
export function suggest(name: string, known: Iterable<string>): string {
  let [nearest, least] = ['', 3];
  for (const candidate of known) {
    const differs = distance(name, candidate);
    if (differs === 0) return '';
    if (differs < least) [nearest, least] = [candidate, differs];
  }
  return nearest === '' ? '' : `, did you mean ${nearest}?`;
}

/** Levenshtein's distance; Infinity where it would be more than 2 for the lengths alone. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
