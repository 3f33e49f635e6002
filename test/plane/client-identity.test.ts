import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import type { AuthorizationFilter } from "../../src/ir/authorization.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { httpsListener, root, type Secrets, statusOf, terminate, validate } from "./tls-model.ts";

const host = "a.example.test";
const server = makeCertificate({ names: [host], issuer: root });
const clientRoot = makeCertificate({ commonName: "client root", authority: "yes" });
const make = (uri: string) =>
  makeCertificate({ commonName: "jo", names: ["jo.test"], uris: [uri], issuer: clientRoot });
const jo = make("spiffe://mesh.test/jo");
const kim = make("spiffe://mesh.test/kim");
/** Says that it is jo, and nobody vouches for it. */
const liar = makeCertificate({ commonName: "jo", names: ["jo.test"], uris: ["spiffe://mesh.test/jo"] });

async function statuses(cel: string): Promise<readonly unknown[]> {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const clientValidation = validate(secrets, [clientRoot], "allowInsecureFallback");
  const tls = terminate(secrets, [[server, [host]]], { clientValidation });
  const filter: AuthorizationFilter = {
    kind: "authorization",
    defaultAction: "deny",
    rules: [
      {
        name: "",
        action: "allow",
        methods: [],
        path: undefined,
        clientCidrs: undefined,
        headers: [],
        jwt: undefined,
        cel,
      },
    ],
  };
  const listener = httpsListener("a", host, tls, upstream.port);
  const rules = listener.rules.map((rule) => ({ ...rule, filters: [filter] }));
  await using gateway = await startPlane(buildUpdate([{ ...listener, rules }], secrets));
  const port = gateway.plane.boundPort(443)!;
  const found: unknown[] = [];
  for (const certificate of [jo, kim, liar]) found.push(await statusOf(port, host, { certificate }));
  found.push(await statusOf(port, host));
  return found;
}

test("authorization: who a client is by its certificate, if it was found good", async () => {
  const uris = 'connection.uri_san_peer_certificate.exists(uri, uri == "spiffe://mesh.test/jo")';
  assert.deepEqual(await statuses(uris), [200, 403, 403, 403]);
  assert.deepEqual(await statuses("connection.mtls"), [200, 200, 403, 403]);
  assert.deepEqual(await statuses('connection.subject_peer_certificate == "CN=jo"'), [200, 200, 403, 403]);
  assert.deepEqual(await statuses('"jo.test" in connection.dns_san_peer_certificate'), [200, 200, 403, 403]);
  const digest = new X509Certificate(jo.certPem).fingerprint256.replaceAll(":", "").toLowerCase();
  assert.deepEqual(await statuses(`connection.sha256_peer_certificate_digest == "${digest}"`), [200, 403, 403, 403]);
});
