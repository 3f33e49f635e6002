import type { Template } from "../../../ir/template.ts";

/** What of a request may decide which endpoint it goes to. */
export interface BalanceSubject {
  /** Query of the request target, without `?`. */
  readonly query: string;
  /** Behind trusted proxies, too. */
  readonly clientAddress: string;
  /** Of the client's connection. */
  readonly scheme: "http" | "https";
  /** `name` in lower case. */
  header(name: string): string | undefined;
  /** The template as the request fills it. */
  text(template: Template): string;
}
