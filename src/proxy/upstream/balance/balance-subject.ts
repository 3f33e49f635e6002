/** What of a request may decide which endpoint it goes to. */
export interface BalanceSubject {
  /** Address of the client, behind trusted proxies too. */
  readonly clientAddress: string;
  /** Query of the request target, without `?`. */
  readonly query: string;
  /** `name` in lower case. */
  header(name: string): string | undefined;
}
