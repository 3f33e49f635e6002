import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import type { Endpoint } from "./endpoint.ts";

/** What routing may look at. One object per connection, reused: never keep it. */
export interface RequestView {
  readonly method: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** Normalised, without query: as it is matched. */
  readonly path: string;
  /** As {@link path}, but with every segment kept; `undefined` when two readers would resolve them in two ways. */
  readonly keptPath: string | undefined;
  /** Without `?`; `""` when there is none. */
  readonly query: string;
  /** Value of a header by lower-case name; several lines are joined with `, `. */
  header(name: string): string | undefined;
}

/** A message whose header fields can be changed. Names are lower case; what frames a message cannot be changed. */
export interface HeaderTarget {
  header(name: string): string | undefined;
  setHeader(name: string, value: string): void;
  addHeader(name: string, value: string): void;
  removeHeader(name: string): void;
}

/**
 * A request on its way to the upstream. Changes are kept aside and written when the head is serialised. Valid until the hook
 * that was given it has answered; while that waits, until it resumes or is cancelled.
 */
export interface RequestHead extends RequestView, HeaderTarget {
  /** The client asks to switch protocols. */
  readonly upgrade: boolean;
  /** Host sent upstream, with or without port. */
  setHost(host: string): void;
  /** In the client's spelling: what is sent upstream unless a filter changes it. */
  readonly spelledPath: string;
  /** Path sent upstream; the query stays. */
  setPath(path: string): void;
  /** Query seen from here on and sent upstream; `""`: none. */
  setQuery(query: string): void;
  /** Lower-case names of all header fields but those that the gateway writes anew or that concern one connection. */
  headerNames(): readonly string[];
  /** Host as it will be sent, with its port. */
  sentHost(): string;
  /**
   * Path and query: the path in the form that is matched, unless a filter has changed it. A server that compares paths must not
   * be got past by another spelling.
   */
  askedTarget(): string;
  /** The fields that the gateway adds, CR LF after each: who the client is, ids of request and trace. */
  ownLines(): string;
  /** The head as it stands, for a request of the filter's own. */
  copyHead(): RequestCopy;
}

/** A request's head as it stood, without content and without what announces it. */
export type RequestCopy = {
  readonly method: string;
  /** Request line and fields as HTTP/1.1 bytes, without the lines that frame content and without the empty line. */
  readonly lines: Buffer;
  /** The client announced content, though it may turn out to be empty. */
  readonly announcesContent: boolean;
  /** The client keeps trailers (`TE: trailers`). */
  readonly acceptsTrailers: boolean;
  /** Its credentials are for the connection that it comes on: NTLM, Negotiate. */
  readonly logsIn: boolean;
};

/** Whose answer it is: a backend's, or one that the gateway gives by itself. */
export type ResponseSource = "backend" | "local";

/** A response on its way to the downstream. Valid as long as a {@link RequestHead} is. */
export interface ResponseHead extends HeaderTarget {
  /** Lower-case names of all header fields, each once. */
  headerNames(): readonly string[];
  /** The values of a header by lower-case name, one for each line: of fields such as Set-Cookie that cannot be joined. */
  headerLines(name: string): readonly string[];
  readonly status: number;
  readonly source: ResponseSource;
  /** What went wrong, `-` when nothing did. */
  readonly flag: ResponseFlag;
  /** The endpoint that answered; `undefined` for answers of the gateway's own. */
  readonly endpoint: Endpoint | undefined;
}
