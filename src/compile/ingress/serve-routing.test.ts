import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf, service, yaml } from "../../../test/compile-case.ts";
import { ingressText } from "../../../test/ingress/ingress-text.ts";
import { describeAction } from "../../ir/action.ts";
import { type SelectRequest, select } from "../../ir/select.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";
import type { CompileResult } from "../contract.ts";

const allowed = yaml(
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "ingress-nginx-controller", namespace: "ingress-nginx" },
    data: { "allow-snippet-annotations": "true", "annotations-risk-level": "Critical" },
  }),
);

function serve(...documents: readonly string[]): CompileResult {
  const options = { ...defaultOptions, ingress: { ...defaultOptions.ingress, classes: ["nginx"] } };
  return compile(
    createSnapshot(resourcesOf(yaml(...documents, service("web", "", "default"), service("next", "", "default")))),
    options,
  );
}

/** What becomes of a request to port 80: the answer of the gateway, or the path that backends get, with their shares. */
function ask({ routing: model }: CompileResult, url: string, more: Partial<SelectRequest> = {}): string {
  const { hostname, pathname, search } = new URL(url);
  const request: SelectRequest = {
    port: 80,
    scheme: "http",
    host: hostname,
    method: "GET",
    path: pathname,
    query: search.slice(1),
    headers: {},
    ...more,
  };
  const selection = select(model, request);
  if (selection.kind === "none") return selection.reason;
  const { rule, listener } = selection;
  const { answer, forwarded, backends } = describeAction(rule, { model, request, listener, matchedPrefix: undefined });
  if (answer) return [answer.status, answer.location].filter((part) => part !== undefined).join(" ");
  const shares = backends.map(({ name, percent }) => `${name.split("/")[1]?.split(":")[0]} ${percent}`).join(", ");
  return `${forwarded?.path}${forwarded?.query === "" ? "" : `?${forwarded?.query}`} to ${shares}`;
}

const ingress = (annotations: Readonly<Record<string, string>>, paths = ["shop.test / Prefix web"]): string =>
  ingressText("shop", paths, { annotations });

test("the target takes the place of the whole path, with its groups", () => {
  const result = serve(ingress({ "rewrite-target": "/v/$2" }, ["shop.test /api(/|$)(.*) ImplementationSpecific web"]));
  assert.match(ask(result, "http://shop.test/api/a%2Fb?x=1"), /^\/v\/a\/b\?x=1 to /);
  assert.match(ask(result, "http://shop.test/API"), /^\/v\/ to /);
});

test("a target that is a URL redirects, one without a slash is told of, and a variable closes the path", () => {
  const paths = ["shop.test /go/(?<rest>.*) ImplementationSpecific web"];
  assert.equal(
    ask(serve(ingress({ "rewrite-target": "https://new.test/$rest" }, paths)), "http://shop.test/go/a%20b?x=1"),
    "302 https://new.test/a%20b?x=1",
  );
  const names = (target: string) =>
    serve(ingress({ "rewrite-target": target }, paths)).findings.map(({ name }) => name);
  assert.deepEqual(names("$1"), ["ingress-rewrite-relative"]);
  assert.deepEqual(names("/$host"), ["ingress-rewrite-unusable"]);
  assert.equal(ask(serve(ingress({ "rewrite-target": "/$host" }, paths)), "http://shop.test/go/a"), "503");
});

test("redirects: to one URL, from the root, between two names, to https with one slash less", () => {
  assert.equal(
    ask(serve(ingress({ "permanent-redirect": "https://n.test" })), "http://shop.test/a?b"),
    "301 https://n.test",
  );
  const rooted = serve(ingress({ "app-root": "/app" }));
  assert.equal(ask(rooted, "http://shop.test/?x=1"), "302 http://shop.test/app");
  assert.match(ask(rooted, "http://shop.test/a"), /^\/a to /);
  const named = serve(ingress({ "from-to-www-redirect": "true" }));
  assert.equal(ask(named, "http://www.shop.test/a/?x=1"), "308 http://shop.test:80/a/?x=1");
  assert.equal(ask(serve(ingress({ "force-ssl-redirect": "true" })), "http://shop.test/a/"), "308 https://shop.test/a");
  assert.equal(
    ask(serve(ingress({ "relative-redirects": "true" }, ["shop.test /x/ Prefix web"])), "http://shop.test/x?y=1"),
    "301 /x/?y=1",
  );
});

test("a canary takes requests by header, then cookie, then weight", () => {
  const canary = ingressText("next", ["shop.test / Prefix next"], {
    annotations: {
      canary: "true",
      "canary-by-header": "X-Next",
      "canary-by-cookie": "next",
      "canary-weight": "20",
    },
  });
  const result = serve(ingress({}), canary);
  const to = (headers: Readonly<Record<string, string>>) => ask(result, "http://shop.test/", { headers });
  assert.match(to({ "x-next": "always" }), /next 100$/);
  assert.match(to({ "x-next": "never", cookie: "next=always" }), /web 100$/);
  assert.match(to({ "x-next": "Always", cookie: "a=1; NEXT=always" }), /next 100$/);
  assert.match(to({ cookie: "next=never" }), /web 100$/);
  assert.match(to({ cookie: "xnext=always" }), /web 80, .*next 20$|web 80, next 20$/);
});

test("requests for a canary without endpoints go to the main Ingress", () => {
  const canary = ingressText("next", ["shop.test / Prefix next"], {
    annotations: { canary: "true", "canary-by-header": "X-Next" },
  });
  const { routing } = serve(ingress({}), canary);
  const rules = Object.values(routing.gateways[0]?.httpRules ?? {}).filter(({ key }) => key.includes("shop.test/"));
  const services = rules.map(({ key, backends, fallback = [] }) => [
    key.split("#")[1],
    ...[backends, fallback].map((list) =>
      list.map(({ target }) => (target.kind === "cluster" ? routing.clusters[target.cluster]?.name : undefined)).join(),
    ),
  ]);
  assert.deepEqual(services.find(([key]) => key === "header-always")?.slice(1), ["next", "web"]);
  assert.deepEqual(services.find(([key]) => key === "header-never")?.slice(1), ["web", ""]);
});

test("answers of snippets come before redirects to https, those of the host before those of the path", () => {
  const result = serve(
    allowed,
    ingress({
      "force-ssl-redirect": "true",
      "configuration-snippet": "if ($http_x_old) { return 410; }\nrewrite ^/old/(.*)$ /new/$1 permanent;",
      "server-snippet": "location /metrics { deny all; }",
    }),
  );
  const of = (path: string, headers = {}) => ask(result, `http://shop.test${path}`, { headers });
  assert.equal(of("/metrics/x"), "403");
  assert.equal(of("/a", { "x-old": "1" }), "410");
  assert.equal(of("/old/a?b=1"), "301 http://shop.test/new/a?b=1");
  assert.equal(of("/a"), "308 https://shop.test/a");
});
