import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { splitCertificates } from "../x509/der.ts";
import { certificateUris, controllerUri, dataPlaneUri, parseDataPlaneUri } from "./identity.ts";
import { planeKeys, ticketKeyLifeMs } from "./plane-keys.ts";
import {
  type AuthorityData,
  authorityLifeMs,
  issueClient,
  issueServer,
  isUsableClient,
  leafLifeMs,
  needsRenewal,
  nextAuthority,
  overlapMs,
  type StoredClient,
} from "./stream-authority.ts";

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const identity = { namespace: "shop", name: "web" };

/** Whether a certificate is accepted by whoever trusts this bundle. */
function isTrusted(certificatePem: string, bundlePem: string, nowMs: number): boolean {
  const certificate = new X509Certificate(certificatePem);
  if (certificate.validFromDate.getTime() > nowMs || certificate.validToDate.getTime() <= nowMs) return false;
  return splitCertificates(bundlePem).some((pem) => {
    const issuer = new X509Certificate(pem);
    return (
      issuer.validToDate.getTime() > nowMs && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    );
  });
}

test("nextAuthority: begins with one, which is stored, and stays it", () => {
  const first = nextAuthority(undefined, startMs);
  assert.ok(first.write);
  assert.equal(first.problem, undefined);
  const second = nextAuthority({ ...first.write }, startMs + hourMs);
  assert.equal(second.write, undefined);
  assert.deepEqual(second.authority, first.authority);
});

test("nextAuthority: around three rotations, what a proxy holds is trusted by the controller, and the other way round", () => {
  let stored: AuthorityData | undefined;
  /** Renewed as a controller does, each at its own time of day. */
  const held: { certificate: ReturnType<typeof issueClient> | undefined }[] = [
    { certificate: undefined },
    { certificate: undefined },
    { certificate: undefined },
  ];
  let server: ReturnType<typeof issueServer> | undefined;
  const bundles = new Set<number>();
  const signers = new Set<string>();
  const days = [0, 1, 2, 3].flatMap((rotation) =>
    [0, 1, 2, 3, 4, 5].map((day) => rotation * 120 - (rotation && 2) + day),
  );
  for (const hour of days.flatMap((day) => Array.from({ length: 12 }, (_, index) => day * 24 + index * 2))) {
    const nowMs = startMs + hour * hourMs;
    if (hour % (120 * 24) === 0 || (hour + 48) % (120 * 24) === 0) {
      // Everything expired in the months between.
      server = undefined;
      for (const one of held) one.certificate = undefined;
    }
    const step = nextAuthority(stored && { ...stored }, nowMs);
    stored = step.write ?? stored;
    const { authority } = step;
    bundles.add(splitCertificates(authority.bundlePem).length);
    signers.add(authority.signing.certificatePem);
    // What is held is checked before it is renewed: that is how it is met.
    for (const { certificate } of held) {
      if (certificate === undefined || server === undefined) continue;
      assert.ok(isTrusted(certificate["tls.crt"], server["ca.crt"], nowMs), `client, hour ${hour}`);
      assert.ok(isTrusted(server["tls.crt"], certificate["ca.crt"], nowMs), `server, hour ${hour}`);
    }
    if (needsRenewal(server?.["tls.crt"], authority, nowMs)) server = issueServer(authority, [], nowMs);
    else if (server) server = { ...server, "ca.crt": authority.bundlePem };
    held.forEach((one, place) => {
      // Reached by the news up to some hours late.
      if (hour % 6 !== place * 2) return;
      if (needsRenewal(one.certificate?.["tls.crt"], authority, nowMs)) {
        one.certificate = issueClient(authority, identity, nowMs);
      } else if (one.certificate) one.certificate = { ...one.certificate, "ca.crt": authority.bundlePem };
    });
  }
  assert.deepEqual([...bundles].sort(), [1, 2], "one and its successor or predecessor, never more");
  assert.equal(signers.size, 4);
});

test("nextAuthority: a successor is trusted before it signs, and its predecessor until its leaves have expired", () => {
  const first = nextAuthority(undefined, startMs);
  const lateMs = startMs + (authorityLifeMs * 2) / 3;
  const published = nextAuthority({ ...first.write }, lateMs);
  assert.ok(published.write?.["next.crt"]);
  assert.equal(published.authority.signing.certificatePem, first.authority.signing.certificatePem);
  assert.equal(splitCertificates(published.authority.bundlePem).length, 2);
  const early = nextAuthority({ ...published.write }, lateMs + overlapMs - 1);
  assert.equal(early.write, undefined);
  const switched = nextAuthority({ ...published.write }, lateMs + overlapMs);
  assert.equal(switched.authority.signing.certificatePem, published.write["next.crt"]);
  assert.equal(switched.write?.["previous.crt"], first.authority.signing.certificatePem);
  const last = nextAuthority({ ...switched.write }, lateMs + overlapMs + leafLifeMs);
  assert.equal(splitCertificates(last.authority.bundlePem).length, 2);
  const done = nextAuthority({ ...switched.write }, lateMs + overlapMs + leafLifeMs + 2 * hourMs);
  assert.equal(done.authority.bundlePem, published.write["next.crt"]);
  assert.deepEqual(done.authority.seed, first.authority.seed);
});

test("nextAuthority: after a long absence it begins anew, and keeps the seed", () => {
  const first = nextAuthority(undefined, startMs);
  const later = nextAuthority({ ...first.write }, startMs + 2 * authorityLifeMs);
  assert.notEqual(later.authority.bundlePem, first.authority.bundlePem);
  assert.deepEqual(later.authority.seed, first.authority.seed);
  assert.equal(splitCertificates(later.authority.bundlePem).length, 1);
});

test("nextAuthority: what cannot be read is replaced, and that is told", () => {
  const { write } = nextAuthority(undefined, startMs);
  const other = nextAuthority(undefined, startMs).write;
  const broken = [
    {},
    { ...write, seed: "" },
    { ...write, "tls.crt": "x" },
    { ...write, "tls.key": other?.["tls.key"] ?? "" },
  ];
  for (const stored of broken) {
    const step = nextAuthority(stored as Record<string, string>, startMs);
    assert.ok(step.write);
    assert.match(step.problem ?? "", /cannot be read/);
    assert.doesNotMatch(step.problem ?? "", /BEGIN/);
  }
});

test("isUsableClient: a certificate of these proxies with its own key, and no other", () => {
  const { authority } = nextAuthority(undefined, startMs);
  const edge = { namespace: "infra", name: "edge" };
  const own = issueClient(authority, edge, startMs);
  const other = issueClient(authority, { namespace: "infra", name: "other" }, startMs);
  const isUsable = (stored: StoredClient, nowMs = startMs) => isUsableClient(stored, edge, { authority, nowMs });
  assert.equal(isUsable(own), true);
  assert.equal(isUsable(own, startMs + leafLifeMs), false);
  assert.equal(isUsable(other), false);
  assert.equal(isUsable({ ...own, "tls.key": other["tls.key"] }), false);
  assert.equal(isUsable({ ...own, "tls.key": "x" }), false);
  assert.equal(isUsable({ "tls.crt": own["tls.crt"] }), false);
  assert.equal(isUsable({}), false);
});

test("needsRenewal: after two thirds of a day, for a strange authority, and for what is no certificate", () => {
  const { authority } = nextAuthority(undefined, startMs);
  const { "tls.crt": certificate } = issueClient(authority, identity, startMs);
  assert.equal(needsRenewal(certificate, authority, startMs), false);
  assert.equal(needsRenewal(certificate, authority, startMs + (leafLifeMs * 2) / 3 - 1000), false);
  assert.equal(needsRenewal(certificate, authority, startMs + (leafLifeMs * 2) / 3), true);
  assert.equal(needsRenewal(certificate, nextAuthority(undefined, startMs).authority, startMs), true);
  assert.equal(needsRenewal(undefined, authority, startMs), true);
  assert.equal(needsRenewal("x", authority, startMs), true);
});

test("issueServer, issueClient: say who they are for", () => {
  const { authority } = nextAuthority(undefined, startMs);
  const server = new X509Certificate(issueServer(authority, ["sluice.example.svc"], startMs)["tls.crt"]);
  assert.deepEqual(certificateUris(server.subjectAltName), [controllerUri]);
  assert.ok(server.checkHost("sluice.example.svc"));
  const client = new X509Certificate(issueClient(authority, identity, startMs)["tls.crt"]);
  assert.deepEqual(certificateUris(client.subjectAltName).map(parseDataPlaneUri), [identity]);
});

test("parseDataPlaneUri: the names that Kubernetes allows, and no other", () => {
  const shared = { namespace: "sluice-system", name: "shared..sluice..web" };
  assert.deepEqual(parseDataPlaneUri(dataPlaneUri(shared)), shared);
  for (const uri of [
    controllerUri,
    "spiffe://sluice.dev/ns//dataplane/x",
    "spiffe://sluice.dev/ns/a/b/dataplane/x",
    "spiffe://sluice.dev/ns/a/dataplane/x/y",
    "spiffe://sluice.dev/ns/A/dataplane/x",
    "spiffe://evil/ns/a/dataplane/x",
    "spiffe://sluice.dev/ns/a/dataplane/x\n",
  ]) {
    assert.equal(parseDataPlaneUri(uri), undefined, uri);
  }
});

test("planeKeys: the same for every controller, others for every data plane, and given ahead", () => {
  const { seed } = nextAuthority(undefined, startMs).authority;
  const keys = planeKeys(seed, "shop/web", startMs);
  assert.deepEqual(planeKeys(Buffer.from(seed), "shop/web", startMs + ticketKeyLifeMs - 1), keys);
  const next = planeKeys(seed, "shop/web", startMs + ticketKeyLifeMs);
  assert.equal(next.sessionKeyBase64, keys.sessionKeyBase64);
  assert.deepEqual(next.ticketKeys.slice(0, 2), keys.ticketKeys.slice(1));
  assert.equal(keys.ticketKeys[1]?.fromMs, startMs);
  const other = planeKeys(seed, "shop/other", startMs);
  const all = [keys, other].flatMap(({ sessionKeyBase64, ticketKeys }) => [
    sessionKeyBase64,
    ...ticketKeys.map(({ secretBase64 }) => secretBase64),
  ]);
  assert.equal(new Set(all).size, 8);
  for (const key of all) assert.equal(Buffer.from(key, "base64").length, 32);
});
