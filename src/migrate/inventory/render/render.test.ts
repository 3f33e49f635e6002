import assert from "node:assert/strict";
import { test } from "node:test";
import { takeInventory } from "../take-inventory.ts";
import { renderCsv } from "./csv.ts";
import { renderHtml } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderMinutes, reportOf } from "./report.ts";

const inventory = takeInventory({
  objects: [
    {
      raw: {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: {
          name: "shop",
          namespace: "shop",
          labels: { team: "a" },
          annotations: {
            "nginx.ingress.kubernetes.io/<b>|x": "1",
            "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
          },
        },
        spec: { rules: [{ host: "=1+1,<script>alert(1)</script>" }] },
      },
      origin: undefined,
    },
  ],
  documents: [],
  findings: [],
  nowMs: 0,
  namespace: undefined,
});

test("renderCsv() has a row for each Ingress, quoted, and nothing that a spreadsheet takes for a formula", () => {
  const [headers = "", row = "", rest] = renderCsv(inventory).split("\r\n");
  assert.match(headers, /^kind,namespace,name,file,line,controller,ingressClass,class,minutes,owner,hosts,/);
  assert.match(row, /^Ingress,shop,shop,,,,,blocked,\d+,a,"'=1\+1,<script>alert\(1\)<\/script>",0,/);
  assert.equal(rest, "");
});

test("renderMarkdown() lets nothing of what was read become markup", () => {
  const text = renderMarkdown(inventory);
  assert.match(text, /^# What there is to move\n/);
  assert.ok(text.includes("| nginx.ingress.kubernetes.io/\\<b\\>\\|x |"), text);
  assert.ok(!/(?<!\\)<script/.test(text));
});

test("renderHtml() is one page without scripts and requests, and lets nothing of what was read become markup", () => {
  const page = renderHtml(inventory, "2026-11-30");
  assert.match(page, /^<!doctype html>/);
  assert.ok(page.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
  assert.ok(!/<(?:script|link|img|iframe)|https?:|url\(|@import/.test(page));
  assert.ok(page.includes("color-scheme:light dark"));
  assert.match(page, /<section id="section-0">\n<h2>Order of the move <small>1<\/small>/);
});

test("reportOf() leaves out sections without rows, and rows have a cell for each header", () => {
  const { sections } = reportOf(inventory);
  assert.ok(sections.length > 0);
  for (const { title, headers, rows } of sections) {
    assert.notEqual(rows.length, 0, title);
    for (const cells of rows) assert.equal(cells.length, headers.length, title);
  }
});

test("renderMinutes() says minutes, hours and working days", () => {
  assert.deepEqual([45, 60, 210, 1439].map(renderMinutes), ["45 min", "1 h", "3.5 h", "3 days"]);
});
