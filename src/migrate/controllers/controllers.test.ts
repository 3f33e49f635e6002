import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnnotationRow } from "../../ingress/annotation.ts";
import { locationFeatures, serverFeatures } from "../../ingress/features.ts";
import { becomingOf, controllerNames, controllers, ownerOf } from "./controllers.ts";
import { ingressNginx, withoutEffect } from "./ingress-nginx.ts";

const rows = [...Object.values(locationFeatures), ...Object.values(serverFeatures)].flatMap(
  ({ annotations }: { readonly annotations: readonly AnnotationRow[] }) => annotations,
);

test("ingressNginx: every annotation that is read has a row, and no other", () => {
  const read = rows.flatMap(({ name, aliases }) => [name, ...aliases]);
  const known = ingressNginx.annotations.map(({ name }) => name);
  assert.deepEqual(
    rows.map(({ name }) => name).filter((name) => !known.includes(name)),
    [],
  );
  assert.deepEqual(
    known.filter((name) => !read.includes(name) && !name.endsWith("-snippet")),
    [],
  );
});

test("withoutEffect names nothing that is read", () => {
  for (const { name, aliases } of rows)
    for (const each of [name, ...aliases]) assert.ok(!Object.hasOwn(withoutEffect, each), each);
});

test("becomingOf() prefers a name as it stands to a pattern, and knows no other names", () => {
  assert.equal(becomingOf("traefik", "service.sticky.cookie.name")?.kind, "standard");
  assert.equal(becomingOf("traefik", "service.sticky.cookie.secure")?.kind, "policy");
  assert.equal(becomingOf("aws", "actions.redirect")?.kind, "standard");
  assert.equal(becomingOf("aws", "action"), undefined);
});

test("ownerOf() gives a shared prefix to whom it is asked for", () => {
  assert.equal(ownerOf("ingress.kubernetes.io/ssl-redirect")?.controller, "haproxy");
  assert.equal(ownerOf("ingress.kubernetes.io/ssl-redirect", "haproxy-ingress")?.controller, "haproxy-ingress");
  assert.equal(ownerOf("example.com/x"), undefined);
});

for (const name of controllerNames) {
  test(`${name}: each annotation once, prefixes end with a slash`, () => {
    const names = controllers[name].annotations.map((row) => row.name);
    assert.equal(new Set(names).size, names.length);
    for (const prefix of controllers[name].prefixes) assert.match(prefix, /\/$/);
  });
}
