import assert from "node:assert/strict";
import { test } from "node:test";
import { alternativesOf } from "./alternatives.ts";
import { httpMatchOf } from "./http-match.ts";
import { parseRule } from "./rule.ts";

/** What a rule becomes, as text: alternatives of hosts and matches, or what is wrong with it. */
function read(text: string): unknown {
  const parsed = parseRule(text);
  if ("error" in parsed) return parsed.error;
  const alternatives = alternativesOf(parsed.rule);
  if (alternatives === undefined) return "too many";
  return alternatives.map((each) => {
    const found = httpMatchOf(each);
    return "problem" in found ? found.problem : { hostnames: found.hostnames, ...found.match };
  });
}

const rules: readonly (readonly [string, unknown])[] = [
  ["Host(`Shop.test`)", [{ hostnames: ["shop.test"] }]],
  ["Host(`a.test`, `b.test`)", [{ hostnames: ["a.test"] }, { hostnames: ["b.test"] }]],
  [
    "Host(`a.test`) && (PathPrefix(`/api`) || Path(`/health`))",
    [
      { hostnames: ["a.test"], path: { type: "PathPrefix", value: "/api" } },
      { hostnames: ["a.test"], path: { type: "Exact", value: "/health" } },
    ],
  ],
  [
    'host("a.test") && method("get", "POST")',
    [
      { hostnames: ["a.test"], method: "GET" },
      { hostnames: ["a.test"], method: "POST" },
    ],
  ],
  [
    "Header(`X-A`, `1`) && HeadersRegexp(`X-B`, `^v[0-9]$`) && Query(`q=1`) && Query(`debug`, `yes`) && QueryRegexp(`n`, `\\d`)",
    [
      {
        hostnames: [],
        headers: [
          { name: "X-A", value: "1" },
          { type: "RegularExpression", name: "X-B", value: "v[0-9]" },
        ],
        queryParams: [
          { name: "q", value: "1" },
          { name: "debug", value: "yes" },
          { type: "RegularExpression", name: "n", value: ".*(?:\\d).*" },
        ],
      },
    ],
  ],
  ["HostRegexp(`^[a-z0-9-]+\\.shop\\.test$`)", [{ hostnames: ["*.shop.test"] }]],
  ["HostRegexp(`{sub:[a-z]+}.shop.test`)", [{ hostnames: ["*.shop.test"] }]],
  ["PathRegexp(`^/v[0-9]+/`)", [{ hostnames: [], path: { type: "RegularExpression", value: "/v[0-9]+/.*" } }]],
  [
    "HostRegexp(`^(a|b)\\.test$`)",
    ["HostRegexp(`^(a|b)\\.test$`): hosts of a route are names, or one wildcard in place of the first labels."],
  ],
  [
    "!(Host(`a.test`) && Path(`/x`))",
    [
      "!Host(`a.test`): a route says what fits, not what does not. Give what does not fit a route of its own.",
      "!Path(`/x`): a route says what fits, not what does not. Give what does not fit a route of its own.",
    ],
  ],
  ["!!Host(`a.test`)", [{ hostnames: ["a.test"] }]],
  ["Path(`/a`) && Path(`/b`)", ["Path(`/b`): a match of a route has one path."]],
  [
    "ClientIP(`10.0.0.0/8`)",
    [
      "ClientIP(`10.0.0.0/8`): a route cannot choose by the client's address. A SecurityPolicy (authorization) can refuse by it.",
    ],
  ],
  ["", "a matcher such as Host(`a.example`) is expected at the end"],
  ["Hots(`a`)", 'there is no matcher "Hots"'],
  ["Host(a)", "Host has an argument without quotation marks"],
  ["Host(`a`", "a parenthesis is not closed at the end"],
  ["Host(`a`) Path(`/`)", '"Path" is not expected there'],
  ["Host(`a`) & Path(`/`)", "what stands from character 10 on is no part of a rule"],
  [`${"(".repeat(100)}Host(\`a\`)${")".repeat(100)}`, "it is nested more than 64 deep"],
  [
    Array.from({ length: 7 }, (_, index) => `(Header(\`h${index}\`, \`1\`) || Header(\`h${index}\`, \`2\`))`).join(
      "&&",
    ),
    "too many",
  ],
  [`Host(\`${"a".repeat(20_000)}\`)`, "the rule is longer than 16384 characters"],
];

for (const [text, expected] of rules) {
  test(`rule ${text.slice(0, 100)}`, () => assert.deepEqual(read(text), expected));
}

test("httpMatchOf() says where a prefix means something else", () => {
  const noteOf = (path: string) => {
    const found = httpMatchOf([{ matcher: { name: "PathPrefix", args: [path] }, negated: false }]);
    return "problem" in found ? found.problem : found.notes;
  };
  assert.deepEqual(noteOf("/"), []);
  assert.deepEqual(noteOf("/a"), ["/a fits whole segments: not /ax, which Traefik takes for it."]);
  assert.deepEqual(noteOf("/a/"), ["/a/ fits /a too."]);
});
