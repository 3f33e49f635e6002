import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnnotations } from "../../../test/ingress/read-annotations.ts";
import { loadBalancing } from "./load-balancing.ts";

const names = ({ findings }: { readonly findings: readonly { readonly name: string }[] }) =>
  findings.map(({ name }) => name);

test("loadBalancing: turns by annotation, then by the ConfigMap", () => {
  const turns = (annotations: Readonly<Record<string, string>>, configMap?: Readonly<Record<string, string>>) =>
    readAnnotations(loadBalancing, annotations, configMap && { configMap }).setting.turns.kind;
  assert.equal(turns({}), "roundRobin");
  assert.equal(turns({ "load-balance": "ewma" }), "ewma");
  assert.equal(turns({}, { "load-balance": "ewma" }), "ewma");
  assert.equal(turns({ "load-balance": "round_robin" }, { "load-balance": "ewma" }), "roundRobin");
  const wrong = readAnnotations(loadBalancing, { "load-balance": "least_conn" });
  assert.equal(wrong.setting.turns.kind, "roundRobin");
  assert.deepEqual(names(wrong), ["ingress-annotation-invalid"]);
});

test("loadBalancing: a hash wins, and is made of text and variables of the request", () => {
  const hash = (value: string) => {
    const { turns } = readAnnotations(loadBalancing, { "upstream-hash-by": value, "load-balance": "ewma" }).setting;
    return turns.kind === "hash" ? turns.by : turns.kind;
  };
  assert.deepEqual(hash("$request_uri"), [{ kind: "target" }]);
  assert.deepEqual(hash(`\${request_uri}-text-value`), [{ kind: "target" }, { kind: "text", value: "-text-value" }]);
  assert.deepEqual(hash("$http_X_User$host"), [{ kind: "header", name: "x-user" }, { kind: "host" }]);
  assert.deepEqual(hash("$cookie_Id$arg_page"), [
    { kind: "cookie", name: "Id" },
    { kind: "queryParam", name: "page" },
  ]);
  assert.deepEqual(hash("all"), [{ kind: "text", value: "all" }]);
});

test("loadBalancing: what is not served of hashes is a finding", () => {
  const unknown = readAnnotations(loadBalancing, { "upstream-hash-by": "$ssl_client_s_dn" });
  assert.equal(unknown.setting.turns.kind, "roundRobin");
  assert.deepEqual(names(unknown), ["ingress-hash-unserved"]);
  const characters = readAnnotations(loadBalancing, { "upstream-hash-by": "$uri;" });
  assert.deepEqual(names(characters), ["ingress-annotation-invalid"]);
  const subset = readAnnotations(loadBalancing, { "upstream-hash-by": "$uri", "upstream-hash-by-subset": "true" });
  assert.equal(subset.setting.turns.kind, "hash");
  assert.deepEqual(names(subset), ["ingress-hash-unserved"]);
});

test("loadBalancing: service-upstream, by annotation or by the ConfigMap", () => {
  const addresses = (annotations: Readonly<Record<string, string>>, configMap: Readonly<Record<string, string>> = {}) =>
    readAnnotations(loadBalancing, annotations, { configMap }).setting.addresses;
  assert.equal(addresses({}), "endpoints");
  assert.equal(addresses({ "service-upstream": "true" }), "clusterIp");
  assert.equal(addresses({}, { "service-upstream": "true" }), "clusterIp");
  assert.equal(addresses({ "service-upstream": "false" }, { "service-upstream": "true" }), "endpoints");
});
