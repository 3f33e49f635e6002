import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter, OverrideAction, OverrideRow } from "../../ir/filter.ts";
import type { TextMatch } from "../../ir/text-match.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileContent } from "../directResponse/compile-content.ts";
import { compileNames } from "../headerMutation/compile-changes.ts";
import { compileTextMatch } from "../headerMutation/compile-text-match.ts";
import { compilePathModifier } from "../urlRewrite/compile.ts";

type Override = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["responseOverride"]>[number];

const sources = { All: "all", Local: "local", Backend: "backend" } as const;

/** How long an error-page service may take, and the largest page that it may answer with. */
const defaultTimeoutMs = 2_000;
const maxPageBytes = 1_048_576;

/**
 * Compiles `BackendTrafficPolicy.spec.responseOverride`. A row of which a part cannot be used is left out, with a finding. Spec:
 * ResponseOverride of Envoy Gateway.
 */
export function compileOverridePolicy(overrides: readonly Override[], scope: FeatureScope): readonly Filter[] {
  const parts: PartScope = {
    ...scope,
    place: "elsewhere",
    mistake: (field, text) => {
      scope.report("policy-value-unusable", field, text);
      return undefined;
    },
  };
  const rows = overrides.flatMap((override, index) => compileRow(override, parts, `/${index}`) ?? []);
  return rows.length === 0 ? [] : [{ kind: "responseOverride", rows }];
}

function compileRow(override: Override, scope: PartScope, field: string): OverrideRow | undefined {
  const { match, source = "All" } = override;
  const headers = compileHeaderTests(match.responseHeaders ?? [], scope, `${field}/match/responseHeaders`);
  const action = compileAction(override, scope, field);
  if (headers === undefined || action === undefined) return undefined;
  const statuses = match.statusCodes.flatMap(({ type, value, range }) => {
    const [from, to] = type === "Range" ? [range?.start, range?.end] : [value, value];
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  return { statuses, headers, source: sources[source], action };
}

function compileHeaderTests(
  headers: NonNullable<Override["match"]["responseHeaders"]>,
  scope: PartScope,
  field: string,
): OverrideRow["headers"] | undefined {
  let usable = true;
  const tests = headers.map(({ name, value }, index): { readonly name: string; readonly value?: TextMatch } => {
    const lower = name.toLowerCase();
    if (value === undefined) return { name: lower };
    const test = compileTextMatch(value, scope, `${field}/${index}/value`);
    usable &&= test !== undefined;
    return test === undefined ? { name: lower } : { name: lower, value: test };
  });
  return usable ? tests : undefined;
}

function compileAction(override: Override, scope: PartScope, field: string): OverrideAction | undefined {
  const { response, redirect, errorPage } = override;
  if (errorPage !== undefined) return compileErrorPage(errorPage, scope, `${field}/errorPage`);
  if (redirect !== undefined) return compileRedirect(redirect);
  return compileAnswer(response ?? {}, scope, `${field}/response`);
}

function compileAnswer(
  { statusCode, ...answer }: NonNullable<Override["response"]>,
  scope: PartScope,
  field: string,
): OverrideAction | undefined {
  if (statusCode !== undefined && statusCode < 200)
    return scope.mistake(`${field}/statusCode`, {
      message: `statusCode is ${statusCode}, which is no status of a final answer.`,
      fix: "Write a status from 200 to 599.",
    });
  const content = compileContent(answer, scope, { field, use: "response" });
  const remove = compileNames(answer.header?.remove, scope, { field: `${field}/header/remove`, use: "response" });
  if (content === undefined || remove === undefined) return undefined;
  return { kind: "answer", ...(statusCode === undefined ? {} : { status: statusCode }), content, remove };
}

function compileRedirect({
  statusCode,
  scheme,
  hostname,
  port,
  path,
}: NonNullable<Override["redirect"]>): OverrideAction {
  return {
    kind: "redirect",
    redirect: {
      status: statusCode,
      ...(scheme === undefined ? {} : { scheme }),
      ...(hostname === undefined ? {} : { hostname }),
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path: compilePathModifier(path) }),
    },
  };
}

function compileErrorPage(
  { backendRef, path = "/", timeout }: NonNullable<Override["errorPage"]>,
  scope: PartScope,
  field: string,
): OverrideAction {
  return {
    kind: "errorPage",
    cluster: scope.resolveBackend(backendRef, `${field}/backendRef`, "http"),
    path,
    manner: "headers",
    tells: [],
    timeoutMs: (timeout === undefined ? undefined : durationMs(timeout)) || defaultTimeoutMs,
    maxBytes: maxPageBytes,
  };
}
