import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { affinity } from "./affinity.ts";

const defaults = {
  mode: "balanced",
  name: "INGRESSCOOKIE",
  path: "",
  domain: "",
  expiresSeconds: undefined,
  maxAgeSeconds: undefined,
  sameSite: undefined,
  secure: false,
  changeOnFailure: false,
};

const read = (annotations: Readonly<Record<string, string>>) =>
  readAnnotations(
    affinity,
    Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [key.replace("cookie-", "session-cookie-"), value]),
    ),
  );

test("affinity: only cookie is one", () => {
  assert.equal(read({ "affinity-mode": "persistent" }).setting, undefined);
  assert.deepEqual(read({ affinity: "cookie" }).setting, defaults);
  const { setting, findings } = read({ affinity: "ip" });
  assert.equal(setting, undefined);
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-annotation-invalid"],
  );
});

test("affinity: all attributes of the cookie", () => {
  assert.deepEqual(
    read({
      affinity: "cookie",
      "affinity-mode": "persistent",
      "cookie-name": "route",
      "cookie-path": "/app",
      "cookie-domain": "shop.test",
      "cookie-expires": "172800",
      "cookie-max-age": "-1",
      "cookie-samesite": "Strict",
      "cookie-secure": "true",
      "cookie-change-on-failure": "true",
      "cookie-conditional-samesite-none": "true",
    }),
    {
      setting: {
        mode: "persistent",
        name: "route",
        path: "/app",
        domain: "shop.test",
        expiresSeconds: 172800,
        maxAgeSeconds: -1,
        sameSite: "Strict",
        secure: true,
        changeOnFailure: true,
      },
      findings: [],
      denied: undefined,
      dropped: undefined,
    },
  );
});

test("affinity: values that ingress-nginx does not take are ignored one by one", () => {
  const bad = {
    "affinity-mode": "sticky",
    "cookie-name": "a;b",
    "cookie-path": "/a b;",
    "cookie-domain": "a;b",
    "cookie-expires": "soon",
    "cookie-max-age": "1h",
    "cookie-samesite": "strict",
    "cookie-secure": "yes",
    "cookie-change-on-failure": "yes",
  };
  const { setting, findings } = read({ affinity: "cookie", ...bad });
  assert.deepEqual(setting, defaults);
  assert.deepEqual(
    findings.map(({ name }) => name),
    Object.keys(bad).map(() => "ingress-annotation-invalid"),
  );
});
