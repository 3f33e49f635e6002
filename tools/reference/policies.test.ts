import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldTable } from "../../src/served/field-service.ts";
import { fieldTables, type PartlyServedKind } from "../../src/served/field-tables.ts";
import { fieldRows } from "./fields.ts";
import { renderPoliciesReference, serviceOf } from "./policies.ts";

const tables = Object.entries(fieldTables) as readonly (readonly [PartlyServedKind, FieldTable])[];

test("every field of the kinds has a row, and every row a field", () => {
  for (const [kind, table] of tables) {
    const fields = fieldRows(kind)
      .map(({ path }) => path.replace(/^spec\.?/, ""))
      .filter((path) => path !== "");
    assert.deepEqual(
      fields.filter((field) => serviceOf(field, table) === undefined),
      [],
      kind,
    );
    assert.deepEqual(
      Object.keys(table).filter((path) => !fields.includes(path)),
      [],
      kind,
    );
  }
});

test("what is of authentication, authorization or limits is never left out", () => {
  const unsafe = [
    ...["apiKeyAuth", "authorization", "basicAuth", "csrf", "extAuth", "jwt", "oidc"].map((field) => [
      "SecurityPolicy",
      field,
    ]),
    ...["rateLimit", "bandwidthLimit", "requestBuffer", "circuitBreaker", "admissionControl"].map((field) => [
      "BackendTrafficPolicy",
      field,
    ]),
    ...["clientIPDetection", "path", "tls.clientValidation", "connection.connectionLimit"].map((field) => [
      "ClientTrafficPolicy",
      field,
    ]),
  ] as const;
  for (const [kind, field] of unsafe) {
    const service = serviceOf(field as string, fieldTables[kind as PartlyServedKind]);
    assert.ok(service?.served === "yes" || service?.safe === "no", `${kind} ${field}`);
  }
});

test("renderPoliciesReference has a line for every row, with the reason of what is not served", () => {
  const page = renderPoliciesReference();
  for (const [kind, table] of tables) {
    const section = page.split(/^## /m).find((part) => part.startsWith(`${kind}\n`)) ?? "";
    for (const [path, [, service]] of Object.entries(table)) {
      const line = section.split("\n").find((one) => one.startsWith(`| \`${path}\` |`)) ?? "";
      assert.ok(line.includes(service.served === "yes" ? "| yes |" : service.reason), `${kind} ${path}`);
    }
  }
});
