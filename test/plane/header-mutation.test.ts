import assert from "node:assert/strict";
import { test } from "node:test";
import { built } from "../../src/filter/contract/build.ts";
import { onRequest } from "../../src/filter/contract/hook.ts";
import { mutation, startFilters, template } from "./answer-filters-lab.ts";
import { ask, LabBackend, startLab, testPairs } from "./filter-lab.ts";

testPairs("headers are set, added and removed with values of the request", async (pair) => {
  const filter = mutation(
    {
      set: [
        { name: "x-client", value: template("[%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%]", "request") },
        { name: "x-asked", value: template("%REQ(:METHOD)% %REQ(:SCHEME)% %REQ(:AUTHORITY)% %REQ(:PATH)%", "request") },
        { name: "x-nobody", value: template("%REQ(x-absent)%", "request") },
      ],
      add: [{ name: "x-list", value: template("%REQ(x-absent?x-user):3%", "request") }],
      addIfAbsent: [
        { name: "x-user", value: template("nobody", "request") },
        { name: "x-new", value: template("100%%", "request") },
      ],
      remove: ["x-gone"],
      removeOnMatch: [{ kind: "prefix", value: "x-internal-" }],
    },
    {
      set: [{ name: "x-status", value: template("%RESPONSE_CODE% %RESP(x-app)%") }],
      add: [{ name: "x-for", value: template("%REQ(x-user)% of %REQ(:PATH)%") }],
      removeOnMatch: [{ kind: "suffix", value: "-debug" }],
    },
  );
  await using lab = await startFilters(pair, [filter], () => ({ headers: { "x-app": "a", "x-app-debug": "b" } }));
  const got = await ask(pair.client, lab.port, {
    path: "/a?b=1",
    headers: {
      "x-user": "grace",
      "x-list": "first",
      "x-nobody": "spoofed",
      "x-gone": "1",
      "x-internal-role": "admin",
      "x-external": "stays",
    },
  });
  const { headers } = lab.app.arrived[0]!;
  assert.deepEqual(
    ["x-client", "x-asked", "x-nobody", "x-list", "x-user", "x-new", "x-gone", "x-internal-role", "x-external"].map(
      (name) => headers[name],
    ),
    [
      "[127.0.0.1]",
      "GET http app.example.test /a?b=1",
      undefined,
      "first, gra",
      "grace",
      "100%",
      undefined,
      undefined,
      "stays",
    ],
  );
  assert.deepEqual(
    ["x-status", "x-for", "x-app", "x-app-debug"].map((name) => got.headers[name]),
    ["200 a", "grace of /a?b=1", "a", undefined],
  );
});

test("claims that hold line ends cannot end a header", async () => {
  await using app = await LabBackend.start("http1", () => ({}));
  const claims = {
    sub: "eve\r\nx-role: admin",
    groups: ["a", "b\n"],
    nested: { deep: "null\u0000byte" },
    number: 7,
  };
  await using proxy = await startLab(
    { protocol: "http1", port: app.port },
    {
      knows: () =>
        built(
          onRequest((_request, { established }) => {
            established.principal = claims.sub;
            established.claims = claims;
            return undefined;
          }),
        ),
    },
    {
      rule: {
        filters: [
          { kind: "directResponse", status: 599, reason: "knows" },
          mutation({
            set: [
              { name: "x-principal", value: template("%PRINCIPAL%", "request") },
              { name: "x-sub", value: template("%CLAIM(sub)%", "request") },
              { name: "x-groups", value: template("%CLAIM(groups)%", "request") },
              { name: "x-deep", value: template("%CLAIM(nested.deep)%", "request") },
              { name: "x-number", value: template("%CLAIM(number)%", "request") },
              { name: "x-proto", value: template("%CLAIM(__proto__.constructor)%", "request") },
            ],
          }),
        ],
      },
    },
  );
  await ask("http1", proxy.port);
  const { headers } = app.arrived[0]!;
  assert.equal(headers["x-role"], undefined);
  assert.deepEqual(
    ["x-principal", "x-sub", "x-groups", "x-deep", "x-number", "x-proto"].map((name) => headers[name]),
    ["eve%0D%0Ax-role: admin", "eve%0D%0Ax-role: admin", '["a","b\\n"]', "null%00byte", "7", undefined],
  );
});
