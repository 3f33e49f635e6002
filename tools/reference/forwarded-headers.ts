import { clientClaims } from "../../src/wire/http1/client-claim.ts";
import { RequestField, requestFields } from "../../src/wire/http1/known-field.ts";

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
    sent: "the trusted entries, and the peer's address",
  },
  xForwardedProto: {
    untrusted: "dropped",
    trusted: "trusted if it is `http` or `https`; dropped with `--trusted-header forwarded`",
    sent: "always",
  },
  xForwardedHost: {
    untrusted: "dropped",
    trusted: "trusted if it is a valid host; dropped with `--trusted-header forwarded`",
    sent: "the client's Host, unless the client sent none",
  },
  xForwardedPort: {
    untrusted: "dropped",
    trusted: "trusted if it is from 1 to 65535; dropped with `--trusted-header forwarded`",
    sent: "the port that the client used",
  },
  forwarded: {
    untrusted: "dropped",
    trusted:
      "dropped; with `--trusted-header forwarded` the N-th element from the right has the client's address, scheme and host",
    sent: "with `--trusted-header forwarded`: the trusted elements, and one for the peer",
  },
  xForwardedClientCert: {
    untrusted: "dropped",
    trusted: "kept with `--forward-client-cert append`, otherwise dropped",
    sent: "depends on `--forward-client-cert`",
  },
  xRequestId: {
    untrusted: "kept if it is one token of at most 128 characters",
    trusted: "the same",
    sent: "the client's, or a new one",
  },
  traceparent: {
    untrusted: "kept if valid, together with `tracestate`",
    trusted: "the same",
    sent: "the client's, or a new one; if the gateway records spans, its own in the client's trace",
  },
};

/** The table of `docs/reference/forwarded-headers.md`. Throws when a field that the gateway writes is missing: a test sees it. */
export function renderForwardedHeaders(): string {
  const own = Object.entries(RequestField).filter(
    ([, id]) => id >= RequestField.xForwardedFor && id < requestFields.keptFrom,
  );
  const rows = own.map(([property, id]) => {
    const doc = fieldDocs[property as OwnField];
    if (doc === undefined) throw new Error(`${property} has no row in the reference`);
    return [`\`${requestFields.names[id]}\``, doc.untrusted, doc.trusted, doc.sent];
  });
  const claims = [
    ...clientClaims.families.map((family) => `\`${family}${family.endsWith("-") ? "" : "-"}*\``),
    ...clientClaims.names.map((name) => `\`${name}\``),
  ];
  rows.push([
    `all other ${claims.join(", ")}`,
    "dropped",
    "passed on unchanged; dropped with `--trusted-header forwarded`",
    "nothing from the gateway",
  ]);
  return [
    "| header | from a client | behind trusted proxies | what backends get |",
    "| --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");
}
