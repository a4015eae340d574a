export interface Answer {
  readonly status: number;
  /** Plain text where nothing is said. */
  readonly type?: string;
  readonly body: string | Uint8Array;
  /** The body with gzip, where the route keeps it: it is made for each answer otherwise. */
  readonly gzip?: () => Promise<Uint8Array>;
  /** By lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route may know of a request. */
export interface Asked {
  readonly accept: string | undefined;
}

export interface Route {
  /** Exact request path. */
  readonly path: string;
  /** Answered without the token. */
  readonly isOpen?: boolean;
  answer(asked: Asked): Answer | Promise<Answer>;
}

/** A line of plain text. */
export function plain(status: number, line: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: `${line}\n`, headers };
}
