import assert from "node:assert/strict";
import { test } from "node:test";
import { sluice } from "./sluice-process.ts";

const quickstart = "examples/quickstart";
const flags = ["--stub-backends", "--self-signed"];
const typo = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: cart
  namespace: shop
spec:
  parentRefs:
    - name: web
  rules:
    - backendRef:
        - name: cart
`;

test("check prints findings with their source lines from standard input and exits 1", async () => {
  const { code, out, err } = await sluice(["check", "-"], { input: typo });
  assert.deepEqual([code, err], [1, ""]);
  assert.match(out, /^(error|warning)\[SL\d{4}\] HTTPRoute shop\/cart: /m);
  assert.match(out, / {2}--> -:10:7\n {2}10 \| {5}- backendRef:\n {5}\| {7}\^+\n/);
});

test("check -o json is one document with a summary, and NO_COLOR or a pipe leaves no escape sequence", async () => {
  const json = await sluice(["check", "-", "-o", "json"], { input: typo });
  const report = JSON.parse(json.out);
  assert.equal(report.findings.length, report.summary.errors + report.summary.warnings + report.summary.infos);
  assert.match(report.findings[0].code, /^SL\d{4}$/);
  const forced = await sluice(["check", "-"], { input: typo, env: { NO_COLOR: "1", FORCE_COLOR: "1" } });
  assert.doesNotMatch(forced.out, /\u001b/);
});

test("check -o github annotates files", async () => {
  const { code, out } = await sluice([
    "check",
    "test/fixtures/published/old-policy-and-middleware.yaml",
    "-o",
    "github",
    "--adopt-classes",
  ]);
  assert.equal(code, 1);
  assert.match(
    out,
    /^::error file=test\/fixtures\/published\/old-policy-and-middleware\.yaml,line=\d+,col=\d+,title=SL\d{4} BackendTLSPolicy apps\/members-tls::/m,
  );
});

test("check exits 2 for a path that does not exist", async () => {
  const { code, out, err } = await sluice(["check", "nowhere.yaml"]);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^sluice: .*nowhere\.yaml/);
});

test("explain names the route, what is done, and what the others lacked", async () => {
  const { code, out } = await sluice([
    "explain",
    quickstart,
    ...flags,
    "--url",
    "http://shop.localhost/api/items?page=2",
  ]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^GET http:\/\/shop\.localhost:80\/api\/items\?page=2\n {2}Served by HTTPRoute demo\/shop, rules\[1\] \("api"\) \(examples\/quickstart\/routes\.yaml:\d+\)/,
  );
  assert.match(out, /90% demo\/api-v1:80/);
  assert.match(out, /header x-preview is absent, needs "true"/);
});

test("explain and routes tell which policies are in force, explain field by field with its place", async () => {
  const paths = [quickstart, "test/fixtures/policies/merged.yaml"];
  const explained = await sluice(["explain", ...paths, ...flags, "--url", "http://cart.localhost/"]);
  assert.match(
    explained.out,
    /policies {2}BackendTrafficPolicy demo\/defaults: retry\.numRetries \(.*merged\.yaml:14\)\n +BackendTrafficPolicy demo\/cart: timeout\.http\.requestTimeout \(.*merged\.yaml:22\)\n/,
  );
  const { out } = await sluice(["routes", ...paths, ...flags]);
  assert.match(out, /cart\.localhost .*BackendTrafficPolicy demo\/defaults; BackendTrafficPolicy demo\/cart/);
});

test("explain takes the path of --url as it is written, as the gateway would; --path wins over it", async () => {
  const shown = async (...rest: readonly string[]) => {
    const { out, err } = await sluice(["explain", quickstart, ...flags, ...rest]);
    return `${out}${err}`.split("\n")[0] ?? "";
  };
  assert.match(
    await shown("--url", "http://shop.localhost/x//../admin"),
    /^GET http:\/\/shop\.localhost(:\d+)?\/admin$/,
  );
  assert.match(await shown("--url", "http://shop.localhost/a\\admin"), /The response is 400.*backslash/);
  assert.match(
    await shown("--url", "http://shop.localhost/../admin"),
    /The response is 400.*above its root \(RFC 3986/,
  );
  assert.match(await shown("--url", "http://shop.localhost?x=1"), /\/\?x=1$/);
  assert.match(await shown("--url", "http://shop.localhost/", "--path", "/cart"), /\/cart$/);
});

test("explain exits 1 with the nearest miss when no route serves the request", async () => {
  const { code, out } = await sluice(["explain", quickstart, ...flags, "--host", "shop.localhost", "--port", "8080"]);
  assert.equal(code, 1);
  assert.match(out, /No route serves it\. The response is 404\.\n {2}No listener uses port 8080\./);
});

test("explain without a request, without files, or with a dead --admin says what to give", async () => {
  const noRequest = await sluice(["explain", quickstart]);
  assert.deepEqual(
    [noRequest.code, noRequest.err],
    [2, "sluice: Give the request with --url, or at least its --host.\n"],
  );
  const noFiles = await sluice(["explain", "--host", "a"]);
  assert.deepEqual(
    [noFiles.code, noFiles.err],
    [2, "sluice: Give the files to read, or --admin URL to ask a running instance.\n"],
  );
  const dead = await sluice(["explain", "--admin", "127.0.0.1:1", "--host", "a"]);
  assert.equal(dead.code, 2);
  assert.match(
    dead.err,
    /^sluice: 127\.0\.0\.1:1 cannot be reached: nothing answers there\. Is Sluice running with --admin 127\.0\.0\.1:1\?\n$/,
  );
});

test("routes prints the table in order of precedence, also as data, and keeps to a namespace", async () => {
  const table = await sluice(["routes", quickstart, ...flags]);
  assert.equal(table.code, 0);
  const lines = table.out.split("\n");
  assert.match(lines[0] ?? "", /^GATEWAY +LISTENER +HOSTNAME +MATCH +ROUTE +BACKENDS +DOES$/);
  const order = [
    'shop, rules[3] ("moved")',
    'shop, rules[4] ("chat")',
    'shop, rules[2] ("api-preview")',
    'shop, rules[1] ("api")',
    'shop, rules[0] ("storefront")',
    "welcome, rules[0]",
  ];
  const found = order.map((name) => lines.findIndex((line) => line.includes(`demo/${name}`)));
  assert.deepEqual(
    found,
    [...found].sort((a, b) => a - b),
  );
  assert.ok(found.every((line) => line > 0));

  const rows = JSON.parse((await sluice(["routes", quickstart, ...flags, "-o", "json"])).out);
  assert.deepEqual(
    rows
      .find((row: { route: string }) => row.route.endsWith('("api")'))
      .backends.map((one: { percent: number }) => one.percent),
    [90, 10],
  );
  assert.match((await sluice(["routes", quickstart, ...flags, "-n", "other"])).err, /^No routes are in force/);
});

test("status prints tables like kubectl, and objects with their status as YAML", async () => {
  const table = await sluice(["status", quickstart, ...flags]);
  assert.equal(table.code, 0);
  assert.match(
    table.out,
    /^Gateways\nNAMESPACE +NAME +CLASS +ADDRESS +ACCEPTED +PROGRAMMED\ndemo +web +sluice +- +True +Unknown \(Pending\)$/m,
  );
  assert.match(table.out, /^demo +web +https +HTTPS +443 +shop\.localhost +1 +True +True +False$/m);
  assert.match(table.out, /^demo +shop +HTTPRoute +shop\.localhost +web +True +True$/m);

  const list = JSON.parse((await sluice(["status", quickstart, ...flags, "-o", "json"])).out);
  const route = list.items.find((item: { metadata: { name: string } }) => item.metadata.name === "shop");
  const types = route.status.parents[0].conditions.map((condition: { type: string }) => condition.type);
  assert.deepEqual(types.sort(), ["Accepted", "ResolvedRefs"]);
  assert.equal(route.status.parents[0].controllerName, "sluice.dev/gateway-controller");
  const yaml = await sluice(["status", quickstart, ...flags, "-o", "yaml"]);
  assert.match(yaml.out, /^apiVersion: v1\nkind: List\nitems:\n {2}- apiVersion: gateway\.networking\.k8s\.io\/v1\n/);
});
