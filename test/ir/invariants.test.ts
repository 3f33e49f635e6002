import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkInvariants } from "../../src/ir/invariants.ts";
import type { HttpListener, RoutingModel } from "../../src/ir/routing-model.ts";
import { backend, gateway, http, httpRule, match, model, place, stream, streamRule, virtualHost } from "./model.ts";

const app = httpRule("app");
const web: HttpListener = { ...http("web", "", [virtualHost("*", [[match(), app]])]), hash: "1" };
const sound = model(gateway([web], [app]));

test("checkInvariants() finds nothing in a sound model", () => {
  assert.deepEqual(checkInvariants(sound), []);
});

describe("checkInvariants() names", () => {
  const listener = (changes: Partial<HttpListener>): RoutingModel => model(gateway([{ ...web, ...changes }], [app]));
  const matching = (changes: Parameters<typeof match>[0]): RoutingModel =>
    listener({ virtualHosts: [virtualHost("*", [[match(changes), app]])] });
  const rows: readonly [title: string, broken: RoutingModel, problem: RegExp][] = [
    ["what is not JSON", { ...sound, gateways: [{ ...sound.gateways[0]!, labels: new Map() as never }] }, /not JSON/],
    ["a cluster that does not exist", { ...sound, clusters: {} }, /names cluster shop\/app:80, which does not exist/],
    [
      "a mirror's cluster that does not exist",
      model(
        gateway(
          [
            {
              ...web,
              filters: [place({ kind: "requestMirror", cluster: "x", fraction: { numerator: 1, denominator: 1 } })],
            },
          ],
          [app],
        ),
      ),
      /names cluster x, which does not exist/,
    ],
    ["a gateway twice", model(sound.gateways[0]!, sound.gateways[0]!), /Gateway infra\/g occurs twice/],
    ["a listener twice", model(gateway([web, web], [app])), /Listener .* occurs twice/],
    [
      "listeners out of order",
      model(
        gateway(
          [
            { ...web, port: 81 },
            { ...web, key: "other" },
          ],
          [app],
        ),
      ),
      /not ordered by port/,
    ],
    [
      "listeners of one port that take clients in differently",
      model(
        gateway(
          [
            web,
            {
              ...web,
              key: "other",
              settings: { ...web.settings, headBytes: 1, trust: { ...web.settings.trust, trustedHops: 1 } },
            },
          ],
          [app],
        ),
      ),
      /^Listener other shares its port with \S+ and has another headBytes\.$/,
    ],
    ["a listener without a hash", listener({ hash: "" }), /has no hash/],
    ["a hostname in upper case", listener({ hostname: "A.test" }), /not lower case/],
    ["a listener for any host that says *", listener({ hostname: "*" }), /empty hostname/],
    ["a port out of range", listener({ port: 0 }), /no usable port/],
    ["HTTPS without TLS", listener({ protocol: "HTTPS" }), /TLS that does not fit/],
    ["a rule that does not exist", model(gateway([web], [])), /rule .* does not exist/],
    [
      "a rule that nothing uses",
      model(gateway([web], [app, httpRule("idle")])),
      /HTTPRoute\/shop\/idle\/0 is used by no listener/,
    ],
    [
      "hosts out of order",
      listener({ virtualHosts: [virtualHost("*", [[match(), app]]), virtualHost("a.test", [])] }),
      /not ordered from the most specific/,
    ],
    [
      "a host twice",
      listener({ virtualHosts: [virtualHost("*", [[match(), app]]), virtualHost("*", [])] }),
      /has host \* twice/,
    ],
    ["an empty host", listener({ virtualHosts: [virtualHost("", [[match(), app]])] }), /odd host/],
    ["a pattern that does not compile", matching({ path: { kind: "regex", value: "(" } }), /does not compile/],
    ["a path without a slash", matching({ path: { kind: "exact", value: "x" } }), /does not begin with a slash/],
    ["a prefix with a slash at its end", matching({ path: { kind: "prefix", value: "/x/" } }), /ends with a slash/],
    [
      "a header in upper case",
      matching({ headers: [{ name: "X", kind: "exact", value: "1" }] }),
      /header X is not lower case/,
    ],
    [
      "a query parameter twice",
      matching({ query: ["1", "2"].map((value) => ({ name: "q", kind: "exact", value })) }),
      /query parameter q is matched twice/,
    ],
    [
      "a negative weight",
      model(gateway([web], [httpRule("app", { backends: [backend("app", -1)] })])),
      /odd weight -1/,
    ],
    [
      "a stream rule's cluster that does not exist",
      {
        ...model(
          gateway([{ ...stream("s", "TCP", 1, streamRule("t", "TCPRoute", [backend("t", 1)])), hash: "1" }], []),
        ),
        clusters: {},
      },
      /names cluster shop\/t:80/,
    ],
  ];
  for (const [title, broken, problem] of rows) {
    test(title, () => {
      const problems = checkInvariants(broken);
      assert.ok(
        problems.some((text) => problem.test(text)),
        problems.join("\n"),
      );
    });
  }
});
