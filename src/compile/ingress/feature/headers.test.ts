import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf } from "../../../../test/compile-case.ts";
import { serveSetting } from "../../../../test/ingress/serve-setting.ts";
import { headers } from "../../../ingress/feature/headers.ts";
import type { Filter } from "../../../ir/filter.ts";
import { serveHeaders } from "./headers.ts";

const objects = resourcesOf(`
apiVersion: v1
kind: ConfigMap
metadata: { name: answers, namespace: web }
data: { X-Team: shop }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: sent, namespace: web }
data: { X-Client: $remote_addr, X-City: $geoip_city, X-Service: "$service_name:$service_port" }
`);
const serve = (annotations: Readonly<Record<string, string>>, configMap = {}) => {
  const { part, findings } = serveSetting(headers, serveHeaders, annotations, { objects, configMap });
  return { filters: part.filters.map(({ filter }): Filter => filter), findings };
};

const always: readonly Filter[] = [
  { kind: "headerModifier", on: "request", set: [], add: [], remove: ["proxy"] },
  { kind: "headerModifier", on: "response", set: [], add: [], remove: ["server"] },
];

test("Proxy does not reach backends, and Server does not reach clients", () => {
  assert.deepEqual(serve({}), { filters: always, findings: [] });
});

test("headers of the ConfigMap are set in answers", () => {
  const { filters } = serve({ "custom-headers": "web/answers" }, { "global-allowed-response-headers": "X-Team" });
  assert.deepEqual(filters.at(-1), { ...always[1], set: [{ name: "x-team", value: "shop" }] });
});

test("headers of the controller reach backends when what their values name is known", () => {
  const { filters, findings } = serve({}, { "proxy-set-headers": "web/sent" });
  assert.deepEqual(filters[0], {
    kind: "headerMutation",
    request: {
      set: [
        { name: "x-client", value: [{ from: "clientAddress" }] },
        { name: "x-service", value: ["app:80"] },
      ],
      add: [],
      addIfAbsent: [],
      remove: [],
      removeOnMatch: [],
    },
    response: { set: [], add: [], addIfAbsent: [], remove: [], removeOnMatch: [] },
  });
  assert.deepEqual(findings, ["ingress-variable-unknown"]);
});

test("a host is that of the text, with the names of the Ingress filled in", () => {
  assert.deepEqual(serve({ "upstream-vhost": "$service_name.$namespace.svc" }).filters[0], {
    kind: "urlRewrite",
    hostname: "app.shop.svc",
  });
  const [first] = serve({ "upstream-vhost": "inner.$host" }).filters;
  assert.ok(first?.kind === "headerMutation");
  assert.deepEqual(first.request.set, [{ name: "host", value: ["inner.", { from: "hostname" }] }]);
});

test("Connection is the gateway's own affair, which a finding says", () => {
  const { filters, findings } = serve({ "connection-proxy-header": "keep-alive" });
  assert.deepEqual(filters, always);
  assert.deepEqual(findings, ["ingress-connection-header"]);
});
