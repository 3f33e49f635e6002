/** What of a request's head may decide which endpoint it goes to. */
export interface BalanceSubject {
  /** Query of the request target, without `?`. */
  readonly query: string;
  /** `name` in lower case. */
  header(name: string): string | undefined;
}
