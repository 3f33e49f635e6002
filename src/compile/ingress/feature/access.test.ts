import assert from "node:assert/strict";
import { test } from "node:test";
import { serveAlone } from "../../../../test/ingress/serve-alone.ts";
import { storedSecret } from "../../../../test/ingress/stored.ts";
import type { Resource } from "../../../resource/kinds.ts";
import { serveAddressLists } from "./address-lists.ts";
import { serveBasicAuth } from "./basic-auth.ts";
import { serveCors } from "./cors.ts";
import { serveExternalAuth } from "./external-auth.ts";
import { serveLimits } from "./limits.ts";

type Given = Parameters<typeof serveAlone>[2];

/** What all features of access serve together. */
const access = (annotations: Readonly<Record<string, string>>, given: Given = {}) =>
  serveAlone(
    annotations,
    (settings, scope) => [
      ...serveCors(settings.cors, scope).filters,
      ...serveLimits(settings.limits, scope).filters,
      ...serveAddressLists(settings.addressLists, scope).filters,
      ...serveBasicAuth(settings.basicAuth, scope).filters,
      ...serveExternalAuth(settings.externalAuth, scope).filters,
    ],
    given,
  );

const kinds = ({ filters }: ReturnType<typeof access>) => filters.map(({ filter }) => filter.kind);

const users = storedSecret("users", { auth: "joe:{PLAIN}secret\nann:$6$abc$def\n" });
const basic = { "auth-type": "basic", "auth-secret": "users" };
const lists = { "allowlist-source-range": "10.0.0.0/8", "denylist-source-range": "10.9.0.0/16" };

test("without annotations there is nothing to serve", () => {
  assert.deepEqual(access({}), { filters: [], findings: [], clusters: [] });
});

test("addresses that are refused count before those that are let in", () => {
  const [served] = access(lists).filters;
  assert.equal(served?.stage, "access");
  assert.deepEqual(
    served?.filter.kind === "authorization" && [
      served.filter.rules.map(({ action, clientCidrs }) => [action, clientCidrs]),
      served.filter.defaultAction,
    ],
    [
      [
        ["deny", ["10.9.0.0/16"]],
        ["allow", ["10.0.0.0/8"]],
      ],
      "deny",
    ],
  );
  const [denies] = access({ "denylist-source-range": "10.9.0.0/16" }).filters;
  assert.equal(denies?.filter.kind === "authorization" && denies.filter.defaultAction, "allow");
});

test("satisfy any makes one filter of addresses, password and permission; without addresses that are let in, of the others", () => {
  const any = { ...basic, satisfy: "any", "auth-url": "http://auth.test/" };
  const membersOf = (annotations: Readonly<Record<string, string>>) => {
    const { filters } = access(annotations, { objects: [users] });
    const any = filters.map(({ filter }) => filter).find(({ kind }) => kind === "anyOf");
    return any?.kind === "anyOf" ? any.filters.map(({ kind }) => kind) : filters[0]?.filter.kind;
  };
  assert.deepEqual(membersOf({ ...any, ...lists }), ["authorization", "basicAuth", "authRequest"]);
  assert.deepEqual(membersOf({ ...any, "denylist-source-range": "10.9.0.0/16" }), ["basicAuth", "authRequest"]);
  assert.deepEqual(membersOf({ satisfy: "any", ...lists }), "authorization");
});

test("satisfy any: whoever is not asked about says nothing for the service, and passwords stay here", () => {
  const annotations = {
    ...basic,
    ...lists,
    satisfy: "any",
    "auth-url": "http://a.test/",
    "auth-response-headers": "X-User",
  };
  const removed = access(annotations, { objects: [users] }).filters.map(({ filter }) =>
    filter.kind === "headerModifier" ? filter.remove : filter.kind,
  );
  assert.deepEqual(removed, [["x-user"], "anyOf", ["authorization"]]);
});

test("passwords: the realm as written, nothing of them for the backend, and a finding for those that cannot be checked", () => {
  const served = access({ ...basic, "auth-realm": "Staff only" }, { objects: [users] });
  assert.deepEqual(served.filters[0]?.filter, {
    kind: "basicAuth",
    users: "Secret/shop/users#entry/auth",
    namedUsers: [],
    realm: "Staff only",
    tellsCharset: false,
    hidesCredentials: true,
    usernameHeader: undefined,
  });
  assert.deepEqual(served.findings, ["htpasswd-line-unusable"]);
  const map = storedSecret("users", { joe: "{PLAIN}secret" });
  const named = access({ ...basic, "auth-secret-type": "auth-map" }, { objects: [map] }).filters[0]?.filter;
  assert.deepEqual(named?.kind === "basicAuth" && [named.users, named.namedUsers], [
    undefined,
    [{ user: "joe", hash: "Secret/shop/users#entry/joe" }],
  ]);
});

test("digest authentication refuses everyone", () => {
  const served = access({ ...basic, "auth-type": "digest" }, { objects: [users] });
  assert.deepEqual([served.filters, served.findings], [[], ["ingress-digest-auth-unsupported!"]]);
});

test("paths of no-auth-locations need neither password nor permission, but the right address", () => {
  const all = { ...basic, ...lists, "auth-url": "http://auth.test/" };
  const acme = { objects: [users], path: "/.well-known/acme-challenge" };
  assert.deepEqual(kinds(access(all, acme)), ["authorization"]);
  assert.deepEqual(kinds(access(all, { objects: [users] })), ["authorization", "basicAuth", "authRequest"]);
  const none = { ...acme, configMap: { "no-auth-locations": "/open" } };
  assert.deepEqual(kinds(access(all, none)), ["authorization", "basicAuth", "authRequest"]);
});

const authOf = (annotations: Readonly<Record<string, string>>, given: Given = {}) => {
  const served = access(annotations, given);
  const filter = served.filters[0]?.filter;
  return { ...served, auth: filter?.kind === "authRequest" ? filter : undefined };
};

test("the service of a URL is a Service of the cluster, or a host", () => {
  const service: Resource<"Service"> = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "auth", name: "proxy", labels: {}, annotations: {}, generation: 1 },
    spec: { type: "ClusterIP", ports: [{ port: 443, protocol: "TCP" }] },
  };
  const objects = [service];
  for (const [url, cluster] of [
    ["https://proxy.auth.svc.cluster.local/check", "auth/proxy:443 tls"],
    ["http://proxy.auth.svc.cluster.local:7/check", "http://proxy.auth.svc.cluster.local:7"],
    ["https://Auth.example.com", "https://auth.example.com:443"],
    ["http://$host:8080/check", "http://shop.test:8080"],
  ] as const) {
    assert.deepEqual(authOf({ "auth-url": url }, { objects }).clusters, [cluster], url);
  }
});

test("variables are filled in by each request; one that is not known refuses everyone where it decides", () => {
  const { auth } = authOf({ "auth-url": "http://auth.test/check?uri=$request_uri", "auth-cache-key": "$remote_user" });
  assert.deepEqual(auth?.target, ["/check?uri=", { from: "spelledTarget" }]);
  assert.deepEqual(auth?.host, "auth.test");
  assert.deepEqual(auth?.cache?.key, [
    { from: "request", name: "authorization", otherwise: undefined, maxLength: 4096 },
  ]);
  for (const annotations of [
    { "auth-url": "http://auth.test/$geoip_city" },
    { "auth-url": "http://$http_x_host/check" },
    { "auth-url": "http://auth.test/", "auth-cache-key": "$geoip_city" },
  ]) {
    assert.deepEqual(access(annotations).findings, ["ingress-auth-invalid!"]);
    assert.deepEqual(access(annotations).filters, []);
  }
  const signIn = authOf({ "auth-url": "http://auth.test/", "auth-signin": "https://login.test/$geoip_city" });
  assert.deepEqual(signIn.findings, ["ingress-variable-unknown"]);
  assert.equal(signIn.auth?.signIn, undefined);
});

test("the sign-in page gets the address that was asked for, unless its URL says another", () => {
  const asked = [{ from: "scheme" }, "://", { from: "host" }, { from: "escapedTarget" }];
  const rows = [
    ["https://login.test/start", ["https://login.test/start", "?rd=", ...asked]],
    ["https://login.test/start?app=1", ["https://login.test/start?app=1", "&rd=", ...asked]],
    ["https://login.test/start?rd=/home", ["https://login.test/start?rd=/home"]],
  ] as const;
  for (const [page, template] of rows) {
    assert.deepEqual(authOf({ "auth-url": "http://auth.test/", "auth-signin": page }).auth?.signIn, template);
  }
});

test("a method tells the service more", () => {
  const names = (annotations: Readonly<Record<string, string>>) =>
    authOf({ "auth-url": "http://auth.test/", ...annotations }).auth?.headers.map(({ name }) => name);
  const usual = [
    "x-request-id",
    "x-original-url",
    "x-original-method",
    "x-sent-from",
    "x-real-ip",
    "x-forwarded-for",
    "x-auth-request-redirect",
  ];
  assert.deepEqual(names({}), usual);
  assert.deepEqual(names({ "auth-method": "POST" })?.slice(1, 3), ["x-original-uri", "x-scheme"]);
});

test("limits count by address, for all paths of the Ingress together, and a burst comes on top of the rate", () => {
  const { filters } = access({
    "limit-rps": "2",
    "limit-connections": "3",
    "limit-rate": "5",
    "limit-allowlist": "10.0.0.0/8",
  });
  const [rate, connections, bandwidth] = filters.map(({ filter }) => filter);
  assert.deepEqual(
    rate?.kind === "localRateLimit" &&
      rate.rules.map(({ counter, requests, burst, selectors }) => [counter, requests, burst, selectors[0]?.network]),
    ["0.0.0.0/0", "::/0"].map((cidr) => [
      { name: `Ingress/shop/web/Second/${cidr}`, shared: true },
      2,
      11,
      { cidr, distinct: true, except: ["10.0.0.0/8"] },
    ]),
  );
  assert.deepEqual(
    connections?.kind === "concurrency" && [connections.status, connections.rules[0]?.requests],
    [503, 3],
  );
  assert.deepEqual(bandwidth?.kind === "bandwidthLimit" && bandwidth.eachAnswer, {
    bytesPerSecond: 5120,
    afterBytes: 0,
  });
});

test("CORS sends the headers that are written, and none for what is not", () => {
  const [served] = access({ "enable-cors": "true", "cors-allow-credentials": "false", "cors-max-age": "60" }).filters;
  assert.equal(served?.stage, "preflight");
  assert.deepEqual(served?.filter.kind === "fixedCors" && served.filter.headers.map(({ name }) => name), [
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
  ]);
});
