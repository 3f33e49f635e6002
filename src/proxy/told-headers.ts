import type { ForwardedValue, Forwarding } from "../ir/forwarding.ts";
import type { ReceivedRequest } from "../wire/head/received-request.ts";
import { asciiBytes } from "../wire/http1/ascii.ts";
import { isClientClaim } from "../wire/http1/client-claim.ts";
import { RequestField, requestFields } from "../wire/http1/known-field.ts";
import type { TrustedView } from "./forwarding.ts";

/** Fields that the engine takes out of every head: a list decides about those that it has, and the rest goes on as it came. */
const engineNames = requestFields.names.slice(RequestField.xForwardedFor, requestFields.keptFrom);
/** What the trace of a request adds by itself. */
const tracedNames: ReadonlySet<string> = new Set(["traceparent", "x-request-id"]);

type Listed = Extract<Forwarding, { readonly kind: "listed" }>;

/** The headers of a list, ready for requests: what a backend is told in place of what the client sent under these names. */
export class ToldHeaders {
  /** Names (lower case) that the gateway alone writes. */
  readonly names: ReadonlySet<string>;
  readonly host: Listed["host"];
  /** Beginning of each line, and what follows. */
  readonly #lines: readonly { readonly begin: string; readonly value: ForwardedValue }[];
  /** Listed names that the engine would pass on: those that only proxies send, and others. */
  readonly #claims: readonly string[];
  readonly #others: readonly string[];
  /** Names that the engine takes out and the list does not have. */
  readonly #passed: readonly string[];

  constructor({ headers, host }: Listed) {
    const listed = headers.map(({ name }) => name);
    const kept = listed.filter((name) => !engineNames.includes(name));
    this.names = new Set([...engineNames, ...listed]);
    this.host = host;
    this.#lines = headers.map(({ name, value }) => ({ begin: `${name}: `, value }));
    this.#claims = kept.filter(isClaim);
    this.#others = kept.filter((name) => !isClaim(name));
    this.#passed = engineNames.filter((name) => !listed.includes(name) && !tracedNames.has(name));
  }

  /** The lines for one request, CR LF after each; what the client sent under their names goes. */
  lines(received: ReceivedRequest, view: TrustedView, peerAddress: string): string {
    let lines = "";
    for (const { begin, value } of this.#lines) {
      const text = textOf(value, { received, view, peerAddress });
      if (text !== "") lines += `${begin}${text}\r\n`;
    }
    for (const name of this.#passed) {
      const value = received.header(name);
      if (value !== undefined) lines += `${name}: ${value}\r\n`;
    }
    if (received.claims) for (const name of this.#claims) received.drop(name);
    for (const name of this.#others) received.drop(name);
    return lines;
  }
}

type Known = { readonly received: ReceivedRequest; readonly view: TrustedView; readonly peerAddress: string };

function textOf(value: ForwardedValue, { received, view, peerAddress }: Known): string {
  switch (value) {
    case "clientAddress":
      return view.address;
    case "addresses": {
      const came = received.header("x-forwarded-for");
      return came === undefined || came === "" ? peerAddress : `${came}, ${peerAddress}`;
    }
    case "host":
      return view.host;
    case "port":
      return String(view.port);
    case "scheme":
      return view.scheme;
    default:
      return received.header(value.field) ?? "";
  }
}

function isClaim(name: string): boolean {
  const bytes = asciiBytes(name);
  return isClientClaim(bytes, 0, bytes.length);
}
