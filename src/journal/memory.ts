import type { Batch, Consumer, Journal } from './journal.ts';

interface Entry {
  readonly sequence: number;
  readonly record: Uint8Array;
}

interface Reader {
  /** The next sequence number to take. */
  cursor: number;
  batch: Batch | undefined;
  readonly since: number;
  readonly lost: Map<string, number>;
  readonly onAppend: () => void;
}

/** A journal that lives as long as the process: a queue of at most `mostBytes`, batches in hand not counted. */
export function createMemoryJournal(mostBytes: number): Journal {
  const readers: Reader[] = [];
  const entries: Entry[] = [];
  let bytes = 0;
  let next = 1;

  function dropFirst(): Entry {
    const entry = entries.shift()!;
    bytes -= entry.record.length;
    return entry;
  }

  function evict(): void {
    while (bytes > mostBytes && entries.length > 1) {
      const { sequence } = dropFirst();
      for (const reader of readers) {
        if (sequence < reader.cursor) continue;
        reader.cursor = sequence + 1;
        reader.lost.set('bytes', (reader.lost.get('bytes') ?? 0) + 1);
      }
    }
  }

  function dropTaken(): void {
    const oldest = Math.min(...readers.map(({ cursor }) => cursor));
    while (entries.length > 0 && entries[0]!.sequence < oldest) dropFirst();
  }

  function take(reader: Reader, mostRecords: number, mostBytes: number): Batch | undefined {
    const waiting = entries.filter(({ sequence }) => sequence >= reader.cursor);
    const records: Uint8Array[] = [];
    let size = 0;
    for (const { record } of waiting) {
      if (records.length === mostRecords || (records.length > 0 && size + record.length > mostBytes)) break;
      records.push(record);
      size += record.length;
    }
    if (records.length === 0) return undefined;
    const first = waiting[0]!.sequence;
    reader.cursor = first + records.length;
    reader.batch = { first, last: reader.cursor - 1, records };
    dropTaken();
    return reader.batch;
  }

  return {
    append(record) {
      const sequence = next++;
      if (readers.length === 0) return;
      entries.push({ sequence, record });
      bytes += record.length;
      evict();
      for (const { onAppend } of readers) onAppend();
    },
    consumer(_name, onAppend): Consumer {
      const reader: Reader = { cursor: next, batch: undefined, since: next, lost: new Map(), onAppend };
      readers.push(reader);
      return {
        take: (mostRecords, mostBytes) => reader.batch ?? take(reader, mostRecords, mostBytes),
        done() {
          reader.batch = undefined;
        },
        get stats() {
          return { taken: next - reader.since, lost: reader.lost };
        },
      };
    },
  };
}
