import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FindingName, makeFinding } from "../../finding/catalogue.ts";
import { type ConditionDefault, deriveConditions } from "./conditions.ts";

const object = { kind: "Gateway", group: "gateway.networking.k8s.io", namespace: "infra", name: "edge" };
const finding = (name: FindingName, message: string, pointer = "") =>
  makeFinding(name, { object, pointer, message, fix: "-" });
const defaults: readonly ConditionDefault[] = [
  { type: "Accepted", status: "True", reason: "Accepted", message: "Fine." },
  { type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", message: "Fine." },
];
const short = (...findings: readonly ReturnType<typeof finding>[]) =>
  deriveConditions(defaults, findings, 3).map(({ type, status, reason, message }) => [type, status, reason, message]);

describe("deriveConditions", () => {
  it("gives the defaults, for the generation, when nothing is wrong", () => {
    assert.deepEqual(
      deriveConditions(defaults, [], 3),
      defaults.map((condition) => ({ ...condition, observedGeneration: 3 })),
    );
  });
  it("leaves findings without a condition out", () => {
    assert.deepEqual(short(finding("certificate-expired", "Old.")), short());
  });
  it("takes the first reason of a type, and joins the messages of that reason once each", () => {
    assert.deepEqual(
      short(
        finding("certificate-missing", "A."),
        finding("certificate-not-permitted", "B."),
        finding("certificate-invalid", "C."),
        finding("certificate-missing", "A."),
      )[1],
      ["ResolvedRefs", "False", "InvalidCertificateRef", "A. C."],
    );
  });
  it("lets what is refused go before what is unknown", () => {
    const waiting = finding("gateway-class-not-accepted", "Waits.");
    const refused = finding("gateway-address-unsupported", "No.");
    assert.deepEqual(short(waiting, refused)[0], ["Accepted", "False", "UnsupportedAddress", "No."]);
    assert.deepEqual(short(refused, waiting)[0], ["Accepted", "False", "UnsupportedAddress", "No."]);
  });
  it("adds types that only findings set after the others", () => {
    assert.deepEqual(short(finding("listener-tls-overlap", "Overlap."))[2], [
      "OverlappingTLSConfig",
      "True",
      "OverlappingHostnames",
      "Overlap.",
    ]);
  });
  it("cuts messages to what the API takes", () => {
    assert.equal(short(finding("certificate-missing", "x".repeat(40_000)))[1]?.[3]?.length, 32_768);
  });
});
