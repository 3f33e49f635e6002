import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf } from "../../../test/compile-case.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";

const ingress = (name: string): string => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: shop }
spec: { rules: [{ host: shop.example.com }] }
`;

test("findUnserved() says ingress-not-served once, at the first by name, and names the others", () => {
  const { findings } = compile(createSnapshot(resourcesOf([ingress("b"), ingress("a")].join("---"))), defaultOptions);
  assert.deepEqual(
    findings.map(({ name, object, related }) => [name, object.name, related?.map((ref) => ref.name)]),
    [["ingress-not-served", "a", ["b"]]],
  );
});
