import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { storedSecret } from "../../../test/ingress/stored.ts";
import { basicAuth } from "./basic-auth.ts";

const basic = { "auth-type": "basic", "auth-secret": "users" };
const objects = [storedSecret("users", { auth: "joe:{PLAIN}secret\n" }), storedSecret("map", { joe: "{PLAIN}secret" })];

test("users are lines under the key auth, or a key for each of them", () => {
  assert.equal(readAnnotations(basicAuth, { "auth-secret": "users" }, { objects }).setting, undefined);
  assert.deepEqual(readAnnotations(basicAuth, basic, { objects }).setting, {
    scheme: "basic",
    realm: "",
    users: { namespace: "shop", name: "users", format: "file" },
  });
  const map = {
    "auth-type": "digest",
    "auth-secret": "shop/map",
    "auth-secret-type": "auth-map",
    "auth-realm": "Staff only",
  };
  assert.deepEqual(readAnnotations(basicAuth, map, { objects }).setting, {
    scheme: "digest",
    realm: "Staff only",
    users: { namespace: "shop", name: "map", format: "map" },
  });
});

test("whatever keeps passwords from being checked refuses everyone", () => {
  const wrong: readonly Readonly<Record<string, string>>[] = [
    { ...basic, "auth-type": "bearer" },
    { "auth-type": "basic" },
    { ...basic, "auth-secret": "not-there" },
    { ...basic, "auth-secret": "map" },
    { ...basic, "auth-secret": "team-b/users" },
    { ...basic, "auth-secret": "a/b/c" },
    { ...basic, "auth-secret-type": "file" },
  ];
  for (const annotations of wrong) {
    const { denied, setting } = readAnnotations(basicAuth, annotations, { objects });
    assert.equal(denied?.code, "SL8200", JSON.stringify(annotations));
    assert.equal(setting, undefined);
  }
});

test("a Secret of another namespace takes the controller's consent", () => {
  const foreign = { ...storedSecret("users", { auth: "joe:x" }) };
  const stored = { ...foreign, metadata: { ...foreign.metadata, namespace: "team-b" } };
  const annotations = { ...basic, "auth-secret": "team-b/users" };
  const configMap = { "allow-cross-namespace-resources": "true" };
  const { setting } = readAnnotations(basicAuth, annotations, { objects: [stored], configMap });
  assert.equal(setting?.users.namespace, "team-b");
});

test("a realm with other characters is left out, and passwords are asked for all the same", () => {
  const { setting, findings } = readAnnotations(basicAuth, { ...basic, "auth-realm": 'Staff "only"' }, { objects });
  assert.equal(setting?.realm, "");
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["SL8000"],
  );
});
