import { clientClaims } from "../wire/http1/client-claim.ts";
import { RequestField, requestFields } from "../wire/http1/known-field.ts";

type OwnField = keyof typeof RequestField;

/** What comes of a client's field, and what backends get. One entry for each field that the gateway writes itself. */
type FieldDoc = {
  /** Without trusted proxies. */
  readonly untrusted: string;
  /** With `--trusted-hops` above 0. */
  readonly trusted: string;
  readonly sent: string;
};

const fieldDocs: Partial<Record<OwnField, FieldDoc>> = {
  xForwardedFor: {
    untrusted: "dropped",
    trusted: "the N-th entry from the right is the client; dropped with `--trusted-header forwarded`",
    sent: "what was believed, and the peer's address",
  },
  xForwardedProto: {
    untrusted: "dropped",
    trusted: "believed when it is `http` or `https`; dropped with `--trusted-header forwarded`",
    sent: "always",
  },
  xForwardedHost: {
    untrusted: "dropped",
    trusted: "believed when it is a host; dropped with `--trusted-header forwarded`",
    sent: "the client's Host, unless the client sent none",
  },
  xForwardedPort: {
    untrusted: "dropped",
    trusted: "believed from 1 to 65535; dropped with `--trusted-header forwarded`",
    sent: "the port that the client used",
  },
  forwarded: {
    untrusted: "dropped",
    trusted:
      "dropped; with `--trusted-header forwarded` the N-th element from the right tells address, scheme and host",
    sent: "with `--trusted-header forwarded`: what was believed, and an element for the peer",
  },
  xForwardedClientCert: {
    untrusted: "dropped",
    trusted: "kept with `--forward-client-cert append`, else dropped",
    sent: "as `--forward-client-cert` says",
  },
  xRequestId: {
    untrusted: "kept when it is one token of at most 128 characters",
    trusted: "likewise",
    sent: "the client's, else one of the gateway's",
  },
  traceparent: {
    untrusted: "kept when it is valid, and `tracestate` with it",
    trusted: "likewise",
    sent: "the client's, else one of the gateway's; with spans, the gateway's with the client's trace",
  },
};

/** The table of `docs/reference/forwarded-headers.md`. Throws when a field that the gateway writes is missing: a test sees it. */
export function renderForwardedHeaders(): string {
  const own = Object.entries(RequestField).filter(
    ([, id]) => id >= RequestField.xForwardedFor && id < requestFields.keptFrom,
  );
  const rows = own.map(([property, id]) => {
    const doc = fieldDocs[property as OwnField];
    if (doc === undefined) throw new Error(`${property} has no words in the reference`);
    return [`\`${requestFields.names[id]}\``, doc.untrusted, doc.trusted, doc.sent];
  });
  const claims = [
    ...clientClaims.families.map((family) => `\`${family}${family.endsWith("-") ? "" : "-"}*\``),
    ...clientClaims.names.map((name) => `\`${name}\``),
  ];
  rows.push([
    `all other ${claims.join(", ")}`,
    "dropped",
    "passed on as they came; dropped with `--trusted-header forwarded`",
    "nothing of the gateway's",
  ]);
  return [
    "| header | from a client | behind trusted proxies | what backends get |",
    "| --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");
}
