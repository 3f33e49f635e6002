import { requestFields } from "../../wire/http1/known-field.ts";
import type { RequestHead } from "../chain.ts";

/** What an authorisation server may be told of a request: as it stands when the filter runs, with earlier filters' changes. */
export interface AuthSubject extends RequestHead {
  /** Lower-case names of all header fields but those that the gateway writes anew or that concern one connection. */
  headerNames(): readonly string[];
  /** Host as it will be sent, with its port. */
  sentHost(): string;
  /**
   * Path and query: the path in the form that is matched, unless a filter has changed it. A server that compares paths must not
   * be got past by another spelling.
   */
  askedTarget(): string;
}

/** What the gateway itself knows of a request. */
export type AuthFacts = {
  /** The lines that the gateway adds to every request, CR LF after each: who the client is, ids of request and trace. */
  readonly ownLines: string;
  readonly clientAddress: string;
  readonly listenerPort: number;
  readonly scheme: "http" | "https";
  readonly requestId: string;
  readonly protocol: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Content to be forwarded; empty when the filter forwards none. */
  readonly body: Buffer;
};

/** Fields that the gateway writes itself, or that concern one connection. */
const ownFields: ReadonlySet<string> = new Set([...requestFields.names.slice(0, requestFields.keptFrom), "trailer"]);

/**
 * Whether a field (lower case) is never taken from a client or an authorisation server. Underscores count as hyphens, as many
 * backends read them.
 */
export function isOwnField(name: string): boolean {
  return ownFields.has(name.includes("_") ? name.replaceAll("_", "-") : name);
}
