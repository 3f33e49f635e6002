/** A request to a URL that no cluster of the model stands for, such as one that a provider's configuration names. */
export type WebRequest = {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the call to the end of the answer. Milliseconds. */
  readonly timeoutMs: number;
  /** Largest content of an answer; a larger one fails. Bytes. */
  readonly maxAnswerBytes: number;
};

export type WebAnswer = {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Buffer;
};

/**
 * Asks servers by URL, outside the path of requests. Addresses that endpoints may not have are not dialled, redirects are not
 * followed, and certificates are checked against the system's authorities. Rejects when there is no whole answer in time.
 */
export interface WebRequests {
  ask(request: WebRequest): Promise<WebAnswer>;
}
