/** What became of a request, whoever answered it. */
export type Verdict =
  | {
      readonly kind: 'delivered';
      /** Data points that the receiver took note of and refused: they must not be sent again. */
      readonly rejected?: number;
      /** What the receiver had to say beside its yes. */
      readonly warning?: string;
    }
  | {
      readonly kind: FailureKind;
      /** For a person: what failed, as the other side or the network put it. */
      readonly reason: string;
      /** What would mend it. */
      readonly hint?: string;
      /** Milliseconds that the receiver asks us to wait. */
      readonly retryAfter?: number;
      /** The request was too large, whatever was in it. */
      readonly tooLarge?: boolean;
    };

/**
 * transient: the same request may work soon (network, overload). endpoint: no request can work until somebody mends
 * something (address, credentials, certificate). data: this request will never work, others may.
 */
export type FailureKind = 'transient' | 'endpoint' | 'data';

/** One place to which records go: it encodes, sends and judges the answer. Waiting and retrying is the loop's. */
export interface Destination {
  readonly name: string;
  /** Where it sends, for a person; without secrets. */
  readonly address: string;
  readonly mostRecords: number;
  readonly mostBytes: number;
  /**
   * Sends the records in one request; without any it asks whether the receiver is there and is the right one. Never
   * rejects. Ends early, as transient, when `signal` is aborted.
   */
  send(records: readonly Uint8Array[], signal: AbortSignal): Promise<Verdict>;
}
