import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../src/ir/filter.ts";
import { ask, testPairs } from "./filter-lab.ts";
import { startGuarded } from "./filter-with-secrets.ts";

const entry = (id: string) => `Secret/demo/keys#entry/${id}`;
const keys = {
  [entry("shop")]: "k3y+/=\n",
  [entry("bank")]: "other",
  [entry("a")]: "same",
  [entry("b")]: "same",
  [entry("none")]: "",
};
const filter: Extract<Filter, { kind: "apiKeyAuth" }> = {
  kind: "apiKeyAuth",
  clients: ["shop", "bank", "a", "b", "none"].map((id) => ({ id, key: entry(id) })),
  sources: [
    { in: "header", name: "x-api-key" },
    { in: "query", name: "api key" },
    { in: "cookie", name: "apikey" },
  ],
  clientHeader: "x-client-id",
  hidesKey: true,
};
const both = { client: "http1", backend: "http1" } as const;

testPairs("apiKeyAuth finds the key in each place, tells the client, and backends see no key", async (pair) => {
  await using guarded = await startGuarded(pair, [filter], keys);
  const { gateway, backend } = guarded;
  const shown = [
    { headers: { "x-api-key": "k3y+/=" } },
    { headers: { "x-api-key": "Bearer k3y+/=" } },
    { path: "/?a=1&api%20key=k3y+/=&b=%20&api+key=second" },
    { path: "/?a=1&api+key=k3y%2B%2F%3D&b=%20" },
    { headers: { cookie: "session=1; apikey=k3y+/=; apikey=second" }, path: "/?a=1&b=%20" },
  ];
  for (const asked of shown) {
    const headers = { ...asked.headers, "x-client-id": "root", x_client_id: "root" };
    const answer = await ask(pair.client, gateway.port, { ...asked, headers });
    assert.equal(answer.status, 200, JSON.stringify(asked));
    const { headers: told, path } = backend.arrived.at(-1)!;
    assert.equal(told["x-client-id"], "shop");
    assert.equal(told["x_client_id"], undefined);
    assert.doesNotMatch(JSON.stringify([told, path]), /k3y|second|x-api-key/);
    if (asked.path !== undefined) assert.equal(path, "/?a=1&b=%20");
    if ("cookie" in (asked.headers ?? {})) assert.equal(told["cookie"], "session=1");
  }
});

testPairs("apiKeyAuth lets nobody in without a client's own key", async (pair) => {
  await using guarded = await startGuarded(pair, [filter], keys);
  const { gateway, backend } = guarded;
  for (const asked of [
    {},
    { headers: { "x-api-key": "wrong" } },
    { headers: { "x-api-key": "shop" } },
    { headers: { "x-api-key": "same" } },
    { headers: { "x-api-key": "" } },
    { headers: { x_api_key: "k3y+/=" } },
    { headers: { "x-api-key": "k3y+/= " + "other" } },
    { headers: { "x-api-key": "wrong", cookie: "apikey=k3y+/=" } },
    { headers: { authorization: "Bearer k3y+/=" } },
    { path: "/?API%20KEY=other" },
    { path: "/?x=api%20key=other" },
  ]) {
    assert.equal((await ask(pair.client, gateway.port, asked)).status, 401, JSON.stringify(asked));
  }
  assert.equal(backend.arrived.length, 0);
  assert.equal(gateway.records.at(-1)?.responseFlag, "CR");
});

test("apiKeyAuth: the key is passed on unless it is to be hidden", async () => {
  await using guarded = await startGuarded(both, [{ ...filter, hidesKey: false, clientHeader: undefined }], keys);
  await ask("http1", guarded.gateway.port, { path: "/?api+key=other&x", headers: { "x-api-key": "k3y+/=" } });
  assert.equal(guarded.backend.arrived[0]!.path, "/?api+key=other&x");
  assert.equal(guarded.backend.arrived[0]!.headers["x-api-key"], "k3y+/=");
});

test("apiKeyAuth: a client whose Secret is not there is nobody, and a changed key holds at once", async () => {
  await using guarded = await startGuarded(both, [filter], { [entry("bank")]: "other" });
  const status = async (key: string) =>
    (await ask("http1", guarded.gateway.port, { headers: { "x-api-key": key } })).status;
  assert.deepEqual([await status("k3y+/="), await status("other")], [401, 200]);
  await guarded.replaceSecrets({ [entry("bank")]: "changed" });
  assert.deepEqual([await status("other"), await status("changed")], [401, 200]);
});
