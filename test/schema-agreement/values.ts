/** Values for a field, from its declaration: some that fit, and some that do not. */
import type { FieldTree } from "../../src/resource/schema/field-tree.ts";
import type { Random } from "./random.ts";

/** Text of many shapes; a field takes those that fit it as good values and the others as bad ones. */
const texts: readonly string[] = [
  "a",
  "a-b",
  "web",
  "example.com",
  "shop.example.com",
  "*.example.com",
  "gateway.networking.k8s.io",
  "gateway.networking.x-k8s.io",
  "certificates.k8s.io",
  "Service",
  "Gateway",
  "ListenerSet",
  "Secret",
  "ConfigMap",
  "ClusterTrustBundle",
  "XBackend",
  "example.com/pool",
  "example.com/gateway-controller",
  "k8s.io/pool",
  "sub.k8s.io/pool",
  "/",
  "/cart",
  "/cart/item%20",
  "/a//b",
  "/a/./b",
  "/a/../b",
  "/a/..",
  "/a/.",
  "/a%2Fb",
  "/a#b",
  "/a b",
  "^/v[0-9]+$",
  "(",
  "10s",
  "500ms",
  "1h30m",
  "1m2s3ms",
  "0s",
  "1.5s",
  "-1s",
  "99999h",
  "2h",
  "1d",
  "30",
  "X-Test",
  "x-test",
  ":path",
  "x test",
  "two words",
  "two  words",
  "tab\there",
  " leading",
  "trailing ",
  "https://example.com",
  "http://example.com:8080",
  "https://*.example.com",
  "https://*",
  "*",
  "spiffe://example.com/ns/shop",
  "urn:example",
  "IPAddress",
  "Hostname",
  "NamedAddress",
  "Cluster",
  "System",
  "10.0.0.1",
  "10.0.0.0/8",
  "10.0.0.1/8",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0/8",
  "010.0.0.0/8",
  "::ffff:10.0.0.0/104",
  "fe80::%eth0/64",
  "2001:db8::1/128",
  "/8",
  "256.0.0.1",
  "010.0.0.1",
  "2001:db8::1",
  "2001:DB8::1",
  "::ffff:10.0.0.1",
  "fe80::1%eth0",
  "2001:db8::/32",
  "1.2.3",
  "shop.v1.Cart",
  "shop.v1.Cart/Add",
  ".shop.Cart",
  "Add_Item",
  "3items",
  "svc.cluster.local",
  "HTTP",
  "HTTPS",
  "TLS",
  "TCP",
  "UDP",
  "example.com/bar",
  "100m",
  "1.5",
  "2Gi",
  "1e3",
  "50%",
  "101%",
  "%",
  "Upper",
  "under_score",
  "-dash",
  "dash-",
  "dot.",
  ".dot",
  "a..b",
  "é",
  "日本",
  "🙂",
  "line\n",
  "nul\u0000",
  "",
];

/** Text of nearly the least and the greatest length. Characters outside of the basic plane are one each, as the API counts. */
function longTexts(tree: FieldTree): readonly string[] {
  const { minLength = 0, maxLength = 300 } = tree;
  const lengths = [minLength - 1, minLength, maxLength, maxLength + 1].filter(
    (length) => length > 0 && length <= 40_000,
  );
  return lengths.flatMap((length) => [
    "a".repeat(length),
    "🙂".repeat(length),
    `/${"a".repeat(length - 1)}`,
    `${"a".repeat(61)}.`.repeat(Math.ceil(length / 62)).slice(0, length),
    `example.com/${"a".repeat(Math.max(length - 12, 1))}`.slice(0, length),
  ]);
}

const fits = (tree: FieldTree, text: string): boolean => {
  const length = [...text].length;
  if (tree.enum !== undefined) return tree.enum.includes(text);
  if (length < (tree.minLength ?? 0) || length > (tree.maxLength ?? Number.POSITIVE_INFINITY)) return false;
  return tree.pattern === undefined || new RegExp(tree.pattern).test(text);
};

/** Values of the field's own type: those that fit its declaration, and those on the other side of its limits. */
export function ownValues(tree: FieldTree): { readonly good: readonly unknown[]; readonly bad: readonly unknown[] } {
  if (tree.anyOf !== undefined) {
    const parts = tree.anyOf.map(ownValues);
    return { good: parts.flatMap(({ good }) => good), bad: parts.flatMap(({ bad }) => bad) };
  }
  switch (tree.type) {
    case "string": {
      const words = (tree.enum ?? []).map(String);
      const all = [...new Set([...words, ...words.map((word) => word.toLowerCase()), ...texts, ...longTexts(tree)])];
      return { good: all.filter((text) => fits(tree, text)), bad: all.filter((text) => !fits(tree, text)) };
    }
    case "integer":
    case "number": {
      const { minimum = -(2 ** 53), maximum = 2 ** 53 } = tree;
      const allowed = (value: number) =>
        tree.enum === undefined
          ? Number.isInteger(value) && value >= minimum && value <= maximum
          : tree.enum.includes(value);
      const near = [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1].filter(
        (value) => Math.abs(value) < 2 ** 53,
      );
      const all = [
        ...new Set([...(tree.enum ?? []), 0, 1, -1, 2, 10, 80, 301, 404, 443, 600, 65536, 2 ** 31, 1.5, ...near]),
      ] as number[];
      return { good: all.filter(allowed), bad: all.filter((value) => !allowed(value)) };
    }
    case "boolean":
      return { good: [true, false], bad: [] };
    default:
      return { good: [], bad: [] };
  }
}

/** One value of every type, for a field of any of them. */
export const strangers: readonly unknown[] = [null, "text", 7, 1.5, true, [], {}, ["a"], { a: "b" }];

/** The least value that a declaration takes, as far as it can tell. */
export function least(tree: FieldTree): unknown {
  if (tree.default !== undefined) return structuredClone(tree.default);
  if (tree.items !== undefined) return Array.from({ length: tree.minItems ?? 0 }, () => least(tree.items as FieldTree));
  if (tree.type === "object") {
    if (tree.properties === undefined) return tree.minProperties ? { a: "b" } : {};
    const required = (tree.required ?? []).filter((name) => tree.properties?.[name]?.default === undefined);
    return Object.fromEntries(required.map((name) => [name, least(tree.properties?.[name] ?? {})]));
  }
  return ownValues(tree).good[0] ?? {};
}

/** A value with some of its optional fields, and with entries in its lists. Sometimes on the wrong side of a limit. */
export function some(tree: FieldTree, random: Random, depth = 0): unknown {
  if (tree.items !== undefined) {
    const length = Math.max(tree.minItems ?? 0, 1 + random.below(2));
    return Array.from({ length }, () => some(tree.items as FieldTree, random, depth + 1));
  }
  if (tree.type === "object" && tree.properties !== undefined) {
    const names = Object.keys(tree.properties).filter(
      (name) =>
        (tree.required?.includes(name) && tree.properties?.[name]?.default === undefined) ||
        random.next() < (depth > 2 ? 0.15 : 0.35),
    );
    return Object.fromEntries(names.map((name) => [name, some(tree.properties?.[name] ?? {}, random, depth + 1)]));
  }
  if (tree.type === "object") {
    const member = typeof tree.additionalProperties === "object" ? tree.additionalProperties : {};
    return Object.fromEntries([[random.pick(mapKeys), some(member, random, depth + 1)]]);
  }
  const { good, bad } = ownValues(tree);
  return random.next() < 0.03 && bad.length > 0 ? random.pick(bad) : (random.pick(good) ?? "text");
}

/** Names of labels, and names that no label has. */
export const mapKeys: readonly string[] = [
  "app",
  "example.com/app",
  "a_b.c",
  "Example.com/app",
  "two words",
  "",
  "a/b/c",
  "/a",
  "é",
  "-a",
  "a".repeat(63),
  "a".repeat(64),
  `${"a".repeat(63)}.example.com/${"b".repeat(63)}`,
  `${"a.".repeat(126)}a/b`,
  `${"a.".repeat(125)}aa/b`,
];
