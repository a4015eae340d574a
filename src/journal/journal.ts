// The journal knows bytes. Records go in at one end; each consumer takes batches out at its own pace and says when a
// batch is done. What must be given up for want of room is counted for each consumer that had not taken it yet.

export interface Batch {
  /** Sequence numbers of the first and the last record. */
  readonly first: number;
  readonly last: number;
  readonly records: readonly Uint8Array[];
}

export interface ConsumerStats {
  /** Records that were appended since this consumer exists. */
  readonly taken: number;
  /** Records that were given up before this consumer had them, by reason. */
  readonly lost: ReadonlyMap<string, number>;
}

export interface Consumer {
  /**
   * The oldest records that wait, in order: as many as fit, at least one. The same batch until `done` was called: its
   * records are safe from eviction from now on. Undefined where nothing waits.
   */
  take(mostRecords: number, mostBytes: number): Batch | undefined;
  /** The batch in hand needs nothing more from the journal. */
  done(): void;
  readonly stats: ConsumerStats;
}

export interface Journal {
  /** Adds a record, at once and before anybody sends it. Never refuses: room is made by giving up the oldest. */
  append(record: Uint8Array): void;
  /** A consumer starts with the next record. */
  consumer(name: string, onAppend: () => void): Consumer;
}
