import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "./program.ts";

const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations: { nginx.ingress.kubernetes.io/proxy-body-size: 8m }
spec:
  ingressClassName: nginx
  rules:
    - host: shop.test
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }
`;

async function convert(...argv: readonly string[]) {
  let out = "";
  let err = "";
  const code = await runProgram(["migrate", "convert", ...argv], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    errColor: false,
  });
  return { code, out, err };
}

test("migrate convert writes YAML or a list, or a folder that a person's edits survive in", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-convert-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, "in.yaml");
  writeFileSync(input, ingress);

  const printed = await convert(input);
  assert.equal(printed.code, 0);
  assert.match(printed.out, /^# From Ingress shop\/web \(proxy-body-size\)\.$/m);
  assert.match(printed.err, /1 Ingress to 1 Gateway/);
  const { items } = JSON.parse((await convert(input, "-o", "json")).out) as { items: readonly { kind: string }[] };
  assert.equal(items.filter(({ kind }) => kind === "HTTPRoute").length, 1);

  const to = join(folder, "out");
  assert.equal((await convert(input, "--to", to)).code, 0);
  const route = join(to, "shop", "web.yaml");
  const first = readFileSync(route, "utf8");
  assert.match(readFileSync(join(to, "kustomization.yaml"), "utf8"), /resources:\n {2}- platform\n {2}- shop\n/);
  await convert(input, "--to", to);
  assert.equal(readFileSync(route, "utf8"), first);

  writeFileSync(route, first.replace("requestBodyLimit: 8Mi", "requestBodyLimit: 9Mi # for sales"));
  writeFileSync(input, ingress.replace("8m", "16m").replace("path: /,", "path: /new,"));
  const again = await convert(input, "--to", to);
  const merged = readFileSync(route, "utf8");
  assert.match(merged, /requestBodyLimit: 9Mi # for sales/);
  assert.match(merged, /value: \/new/);
  assert.match(again.err, /SL9110/);
});

test("migrate convert with --policies none writes nothing that loses something, unless the loss is accepted", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-convert-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [input, report] = [join(folder, "in.yaml"), join(folder, "report.md")];
  writeFileSync(input, ingress);
  const refused = await convert(input, "--policies", "none");
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  const accepted = await convert(input, "--policies", "none", "--accept-loss", "--report", report);
  assert.equal(accepted.code, 0);
  assert.doesNotMatch(accepted.out, /Policy/);
  assert.match(readFileSync(report, "utf8"), /proxy-body-size needs BackendTrafficPolicy requestBodyLimit/);
});
