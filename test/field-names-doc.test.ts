/** `docs/policies/fields.md` against the declarations: what it says is served is declared and served. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { middlewareSpec } from "../src/resource/schema/traefik/middleware.ts";
import type { FieldTable } from "../src/served/field-service.ts";
import { fieldTables, type PartlyServedKind } from "../src/served/field-tables.ts";
import { fieldRows } from "../tools/reference/fields.ts";
import { serviceOf } from "../tools/reference/policies.ts";

const page = readFileSync(new URL("../docs/policies/fields.md", import.meta.url), "utf8");
/** Rows of all tables: the field's cell, then what others call it. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));

const kinds = Object.entries(fieldTables) as readonly (readonly [PartlyServedKind, FieldTable])[];
const declared = kinds.map(([kind, table]) => ({
  kind,
  table,
  paths: new Set(fieldRows(kind).map(({ path }) => path.replace(/^spec\.?/, ""))),
}));

/** What a path is to the kinds that declare it: all of them, where its first part is no kind's name. */
function servicesOf(path: string): readonly string[] {
  const [first = "", ...rest] = path.split(".");
  const named = declared.some(({ kind }) => kind === first);
  const field = named ? rest.join(".") : path;
  return declared
    .filter(({ kind, paths }) => (!named || kind === first) && paths.has(field))
    .map(({ table }) => serviceOf(field, table)?.served ?? "unknown");
}

/** Paths of a cell: a name that is no path by itself is a sibling of the one before it. */
function pathsOf(cell: string): readonly string[] {
  let before = "";
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => {
    const name = text.replace(/^\.|\[\]$/g, "");
    const parent = before.slice(0, before.lastIndexOf(".") + 1);
    const path = servicesOf(name).length > 0 && !text.startsWith(".") ? name : parent + name;
    before = path;
    return path;
  });
}

test("every field of the page is declared and served", () => {
  assert.ok(rows.length > 10);
  const faults = rows.flatMap(([cell = ""]) =>
    pathsOf(cell).flatMap((path) => {
      const services = servicesOf(path);
      if (services.length === 0) return [`${path} is not declared`];
      return services.includes("yes") ? [] : [`${path} is not served`];
    }),
  );
  assert.deepEqual(faults, []);
});

test("every Middleware that the page names is one of Traefik's", () => {
  const known = new Set(Object.keys(middlewareSpec.shape).map((name) => name.toLowerCase()));
  const named = rows.flatMap(([, , , traefik = ""]) => {
    const [, first] = /^(?:Middleware )?`(\w+)`/.exec(traefik) ?? [];
    return first === undefined || !(/^[A-Z]/.test(first) || traefik.startsWith("Middleware")) ? [] : [first];
  });
  const others = ["headerregexp", "serverstransport", "tlsoption", "traefikservice"];
  assert.ok(named.length > 3);
  assert.deepEqual(
    named.filter((name) => !known.has(name.toLowerCase()) && !others.includes(name.toLowerCase())),
    [],
  );
});
