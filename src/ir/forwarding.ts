/** What backends are told of a client, and what becomes of fields in which clients speak of themselves. */
export type Forwarding =
  /** X-Forwarded-For, -Host, -Proto and -Port, and a trace context. What a client says of itself is dropped. See `docs/reference/forwarded-headers.md`. */
  | { readonly kind: "standard" }
  /**
   * These fields, each in place of what came under its name; one without a value is left out. Everything else that a client
   * sends is passed on, a trace context and Forwarded among it.
   */
  | {
      readonly kind: "listed";
      readonly headers: readonly ForwardedHeader[];
      /** Host of requests to backends: as the client asked for it, or as proxies in front that are believed tell. */
      readonly host: "asked" | "told";
    };

/** The name is lower case; no two of a list are the same. */
export type ForwardedHeader = { readonly name: string; readonly value: ForwardedValue };

/** As far as proxies in front are believed. */
export type ForwardedValue =
  | "clientAddress"
  /** What came in X-Forwarded-For, and behind it the address of the peer. */
  | "addresses"
  /** With its port, as it was sent. */
  | "host"
  /** That the client used. */
  | "port"
  | "scheme"
  /** What came in the field of this lower-case name, whoever sent it. */
  | { readonly field: string };

export const standardForwarding: Forwarding = { kind: "standard" };
