/** Where answers differ from those of ingress-nginx, on purpose: docs/migration/differences.md is made from this table. */
import type { FindingName } from "../finding/catalogue.ts";

export type IngressDifference = {
  readonly title: string;
  /** What ingress-nginx does. */
  readonly nginx: string;
  /** What Sluice does. */
  readonly sluice: string;
  /** Why Sluice does not do the same. */
  readonly why: string;
  /** Names the difference where it shows; `undefined`: it shows everywhere, and is not worth a line each time. */
  readonly finding: FindingName | undefined;
};

export const differences = {
  "own-pages": {
    title: "Pages of the gateway's own",
    nginx: "Errors and redirects of its own have an HTML page that names nginx.",
    sluice: "They have the same status, and a line of plain text.",
    why: "Nothing reads the page but people, and it tells attackers which program answers.",
    finding: undefined,
  },
  "error-page-requests": {
    title: "How default backends are asked for error pages",
    nginx:
      "They are asked with HTTP/1.0 and Connection: close, with the content of the request. For an error that comes before the request is read, such as 413, they are told its length but not sent it, and told nothing of the Ingress.",
    sluice:
      "They are asked with HTTP/1.1, without content, and told the same of every error. When none answers, the client gets the error itself.",
    why: "An error page needs no content, and a default backend that waits for what never comes answers nobody.",
    finding: undefined,
  },
  "error-page-headers": {
    title: "Headers of answers that an error page replaces",
    nginx: "Nothing of the replaced answer is left.",
    sluice: "Its headers stay where the page has none of the name, but for those that describe its content.",
    why: "Clients need some of them, such as WWW-Authenticate and Retry-After.",
    finding: undefined,
  },
  "default-backend-request-id": {
    title: "X-Request-ID at the default backend",
    nginx: "A default backend that answers for a backend without endpoints gets X-Request-ID twice.",
    sluice: "It gets it once.",
    why: "It is the same id.",
    finding: undefined,
  },
  "nominated-headers": {
    title: "Headers that Connection names",
    nginx: "They reach the backend.",
    sluice: "They are dropped.",
    why: "Such headers are for one connection alone (RFC 9110 section 7.6.1).",
    finding: undefined,
  },
  "backend-connection-header": {
    title: "Connection at backends",
    nginx: "Backends are sent the value of connection-proxy-header.",
    sluice: "They are not.",
    why: "It is for one connection alone, and those to backends are the gateway's own affair.",
    finding: "ingress-connection-header",
  },
  "large-heads": {
    title: "Long URLs and large headers",
    nginx: "Above 8 kB of URL (414) or of one header, or 32 kB in all (400), a request is refused.",
    sluice: "The limits are 16 KiB of URL (414) and 64 KiB in all (431).",
    why: "Whoever was served is served. The limits of Sluice hold for all listeners of a port.",
    finding: undefined,
  },
  "mirrored-requests": {
    title: "Copies of requests for mirror-target",
    nginx:
      "They are sent with HTTP/1.0; with mirror-request-body off they tell the length of content that they do not have. A target without a path gets them for a path of nginx's own.",
    sluice:
      "They are sent with HTTP/1.1, and tell no length of what they do not have. A target without a path gets them for that of the request. Copies with more than 64 KiB of content are dropped, and so are those beyond 128 at a time.",
    why: "A copy must not cost more than the request; what nginx sends in those cases is of no use to anybody.",
    finding: undefined,
  },
  "chunks-stay-chunks": {
    title: "Content in chunks, where requests are not buffered",
    nginx: "Content that came in one read with its head is passed on with Content-Length.",
    sluice: "Content in chunks stays in chunks.",
    why: "It means the same, and does not depend on how packets come.",
    finding: undefined,
  },
} as const satisfies Readonly<Record<string, IngressDifference>>;

export type DifferenceId = keyof typeof differences;
