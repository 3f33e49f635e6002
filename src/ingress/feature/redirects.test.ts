import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { appRoot } from "./app-root.ts";
import { fixedRedirect } from "./fixed-redirect.ts";
import { httpsRedirect } from "./https-redirect.ts";
import { wwwRedirect } from "./www-redirect.ts";

test("http is redirected to https with 308 where there is a certificate, unless something else is written", () => {
  assert.deepEqual(readAnnotations(httpsRedirect, {}).setting, {
    withCertificate: true,
    always: false,
    status: 308,
    keepsSlash: false,
    tellsPort: false,
    relative: false,
    exemptPaths: ["/.well-known/acme-challenge"],
  });
  const annotated = readAnnotations(
    httpsRedirect,
    {
      "ssl-redirect": "false",
      "force-ssl-redirect": "true",
      "preserve-trailing-slash": "1",
      "use-port-in-redirects": "true",
      "relative-redirects": "true",
    },
    { configMap: { "http-redirect-code": "301", "no-tls-redirect-locations": "/a, /b", "ssl-redirect": "true" } },
  );
  assert.deepEqual(annotated.setting, {
    withCertificate: false,
    always: true,
    status: 301,
    keepsSlash: true,
    tellsPort: true,
    relative: true,
    exemptPaths: ["/a", "/b"],
  });
});

test("the ConfigMap's redirects hold where an Ingress says nothing, or nothing usable", () => {
  const configMap = { "ssl-redirect": "false", "force-ssl-redirect": "true", "http-redirect-code": "303" };
  const { setting, findings } = readAnnotations(httpsRedirect, { "ssl-redirect": "no" }, { configMap });
  assert.deepEqual([setting.withCertificate, setting.always, setting.status], [false, true, 308]);
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["ingress-annotation-invalid"],
  );
});

test("relative-redirects that is no flag leaves the Ingress out", () => {
  assert.notEqual(readAnnotations(httpsRedirect, { "relative-redirects": "no" }).dropped, undefined);
});

test("a temporal redirect wins over a permanent one, also when it is empty or of another scheme", () => {
  const permanent = { "permanent-redirect": "https://p.test/" };
  assert.deepEqual(readAnnotations(fixedRedirect, permanent).setting, {
    url: "https://p.test/",
    status: 301,
    annotation: "permanent-redirect",
  });
  assert.deepEqual(readAnnotations(fixedRedirect, { ...permanent, "temporal-redirect": "https://t.test/" }).setting, {
    url: "https://t.test/",
    status: 302,
    annotation: "temporal-redirect",
  });
  assert.equal(readAnnotations(fixedRedirect, { ...permanent, "temporal-redirect": "" }).setting, undefined);
  assert.equal(readAnnotations(fixedRedirect, { ...permanent, "temporal-redirect": "t.test" }).setting, undefined);
  assert.equal(readAnnotations(fixedRedirect, {}).setting, undefined);
});

test("a status from 300 to 308 counts; one outside is the usual one, and one that is no number leaves the Ingress out", () => {
  const url = { "permanent-redirect": "https://p.test" };
  const status = (code: string) => readAnnotations(fixedRedirect, { ...url, "permanent-redirect-code": code });
  assert.equal(status("308").setting?.status, 308);
  assert.equal(status("200").setting?.status, 301);
  assert.equal(status("200").findings.length, 1);
  assert.notEqual(status("x").dropped, undefined);
  assert.equal(
    readAnnotations(fixedRedirect, { "temporal-redirect": "https://t.test", "temporal-redirect-code": "307" }).setting
      ?.status,
    307,
  );
});

test("a variable in a redirect leaves the Ingress out", () => {
  const { setting, dropped } = readAnnotations(fixedRedirect, { "permanent-redirect": "https://n.test$request_uri" });
  assert.equal(setting, undefined);
  assert.match(dropped?.message ?? "", /nothing of the Ingress is served/);
});

test("app-root is a path", () => {
  assert.equal(readAnnotations(appRoot, { "app-root": "/app1" }).setting, "/app1");
  for (const value of ["app1", "https://a.test/", "/a?b"]) {
    const { setting, findings } = readAnnotations(appRoot, { "app-root": value });
    assert.deepEqual([setting, findings.length], [undefined, 1], value);
  }
  assert.equal(readAnnotations(appRoot, {}).setting, undefined);
});

test("from-to-www-redirect that is no flag leaves the Ingress out", () => {
  assert.equal(readAnnotations(wwwRedirect, {}).setting, false);
  assert.equal(readAnnotations(wwwRedirect, { "from-to-www-redirect": "true" }).setting, true);
  assert.notEqual(readAnnotations(wwwRedirect, { "from-to-www-redirect": "yes" }).dropped, undefined);
});
