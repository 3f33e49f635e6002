/**
 * Reference pages are written from the tables that the code runs on. `npm run docs` writes them;
 * `docs-in-sync.test.ts` fails when a page differs from its table.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { controllers } from "../src/migrate/controllers/controllers.ts";
import { renderCompileGraph, renderGraph } from "./import-rules.ts";
import { renderDifferenceKinds } from "./reference/difference-kinds.ts";
import { renderDifferences } from "./reference/differences.ts";
import { renderFeatures } from "./reference/features.ts";
import { renderFieldReference } from "./reference/fields.ts";
import { renderFilterReference } from "./reference/filters.ts";
import { renderFindingsReference } from "./reference/findings.ts";
import { renderFlagsReference } from "./reference/flags.ts";
import { renderForwardedHeaders } from "./reference/forwarded-headers.ts";
import { renderGatewayConfigFields } from "./reference/gateway-config.ts";
import { renderGrpcReference } from "./reference/grpc.ts";
import { renderHttp2Limits } from "./reference/http2-limits.ts";
import {
  renderControllerAnnotations,
  renderForeignKinds,
  renderIngressAnnotations,
} from "./reference/ingress-annotations.ts";
import { renderInstallOptions, renderPermissions } from "./reference/install.ts";
import { renderMetricsReference } from "./reference/metrics.ts";
import { renderPoliciesReference } from "./reference/policies.ts";
import { renderStreamLimits } from "./reference/stream-limits.ts";
import { renderTimeouts } from "./reference/timeouts.ts";
import { renderTlsOptions, renderTlsProfiles } from "./reference/tls.ts";

/** Each generated page, or generated part of a page (between `<!-- name -->` and `<!-- /name -->`). */
export const pages: readonly { readonly file: string; readonly part?: string; readonly render: () => string }[] = [
  { file: "docs/migration/annotations.md", render: renderIngressAnnotations },
  { file: "docs/migration/README.md", part: "kinds", render: renderForeignKinds },
  ...(["traefik", "aws", "haproxy", "haproxy-ingress", "kong", "f5-nginx"] as const).map((name) => ({
    file: `docs/migration/from-${name}.md`,
    part: "annotations",
    render: () => renderControllerAnnotations(controllers[name]),
  })),
  { file: "docs/migration/differences.md", render: renderDifferences },
  { file: "docs/migration/verify.md", part: "kinds", render: renderDifferenceKinds },
  { file: "docs/reference/findings.md", render: renderFindingsReference },
  { file: "docs/reference/features.md", render: renderFeatures },
  { file: "docs/reference/flags.md", render: renderFlagsReference },
  { file: "docs/reference/metrics.md", render: renderMetricsReference },
  { file: "docs/reference/fields.md", render: renderFieldReference },
  { file: "docs/reference/policies.md", render: renderPoliciesReference },
  { file: "docs/reference/gateway-config.md", part: "fields", render: renderGatewayConfigFields },
  { file: "docs/reference/filters.md", render: renderFilterReference },
  { file: "docs/reference/forwarded-headers.md", part: "headers", render: renderForwardedHeaders },
  { file: "docs/reference/grpc.md", render: renderGrpcReference },
  { file: "docs/reference/http2.md", part: "limits", render: renderHttp2Limits },
  { file: "docs/reference/streams.md", part: "limits", render: renderStreamLimits },
  { file: "docs/reference/timeouts.md", part: "limits", render: renderTimeouts },
  { file: "docs/reference/tls.md", part: "options", render: renderTlsOptions },
  { file: "docs/reference/tls.md", part: "profiles", render: renderTlsProfiles },
  { file: "docs/install.md", part: "options", render: renderInstallOptions },
  { file: "docs/install.md", part: "permissions", render: renderPermissions },
  { file: "docs/architecture.md", part: "layers", render: renderGraph },
  { file: "docs/architecture.md", part: "compile-layers", render: renderCompileGraph },
];

const pathOf = (file: string): URL => new URL(`../${file}`, import.meta.url);

function read(file: string): string {
  try {
    return readFileSync(pathOf(file), "utf8");
  } catch {
    return "";
  }
}

/** The text that a page should have. */
export function expected(page: (typeof pages)[number]): string {
  const text = page.render();
  if (page.part === undefined) return text;
  const [open, close] = [`<!-- ${page.part} -->`, `<!-- /${page.part} -->`];
  const current = read(page.file);
  const [start, end] = [current.indexOf(open), current.indexOf(close)];
  if (start < 0 || end < 0) throw new Error(`${page.file} has no part ${open} … ${close}`);
  return `${current.slice(0, start + open.length)}\n${text}${current.slice(end)}`;
}

export const inSync = (page: (typeof pages)[number]): boolean => read(page.file) === expected(page);

if (import.meta.main) {
  for (const page of pages) {
    if (inSync(page)) continue;
    mkdirSync(dirname(pathOf(page.file).pathname), { recursive: true });
    writeFileSync(pathOf(page.file), expected(page));
    console.log(`wrote ${page.file}${page.part ? ` (${page.part})` : ""}`);
  }
}
