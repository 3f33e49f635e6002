import { compileHeaderModifier } from "../../filter/headerModifier/compile.ts";
import { compileChanges } from "../../filter/headerMutation/compile-changes.ts";
import { type Filter, noHeaderChanges, noListenerChecks, type PlacedFilter } from "../../ir/filter.ts";
import type { FeatureScope } from "../policy/feature-scope.ts";
import type { PartScope } from "../route/part-scope.ts";
import type { ClientTraffic } from "./client-settings.ts";

type Checks = Extract<Filter, { readonly kind: "listenerChecks" }>;

const underscores = { Allow: "allow", RejectRequest: "reject", DropHeader: "drop" } as const;
const escapedSlashes = { KeepUnchanged: "keep", RejectRequest: "reject", UnescapeAndRedirect: "redirect" } as const;

/** The filters that a policy puts before a listener's own; those of answers stand first, so that answers meet them last. */
export function clientFilters(
  spec: ClientTraffic,
  scopeOf: (pointer: string) => FeatureScope,
): readonly PlacedFilter[] {
  const place = (pointer: string, filter: Filter): PlacedFilter => ({ from: scopeOf(pointer).from(""), filter });
  const checks = checksOf(spec, scopeOf(""));
  const { lateResponseHeaders: late, earlyRequestHeaders: early } = spec.headers ?? {};
  const headers = (on: "request" | "response", pointer: string, changes: HeaderChanges | undefined) =>
    changes === undefined ? [] : headerFilter(on, changes, scopeOf(pointer)).map((filter) => place(pointer, filter));
  return [
    ...headers("response", "/headers/lateResponseHeaders", late),
    ...(checks === undefined ? [] : [place("", checks)]),
    ...headers("request", "/headers/earlyRequestHeaders", early),
  ];
}

type HeaderChanges = NonNullable<NonNullable<ClientTraffic["headers"]>["earlyRequestHeaders"]>;

/** Values with operators of Envoy's, such as `%REQ(:SCHEME)%`, are filled in for each request. None, with a finding: one cannot be used. */
function headerFilter(on: "request" | "response", changes: HeaderChanges, scope: FeatureScope): readonly Filter[] {
  const { set = [], add = [], remove = [] } = changes;
  if (![...set, ...add].some(({ value }) => value.includes("%"))) return [compileHeaderModifier(on, changes, scope)];
  const parts: PartScope = {
    ...scope,
    place: "elsewhere",
    mistake: (field, text) => {
      scope.report("client-setting-invalid", field, text);
      return undefined;
    },
  };
  const compiled = compileChanges({ set, add, remove }, parts, { field: "", use: on });
  return compiled === undefined
    ? []
    : [{ kind: "headerMutation", request: noHeaderChanges, response: noHeaderChanges, [on]: compiled }];
}

/** `undefined`: there is nothing to check. */
function checksOf(
  { headers, path, healthCheck, clientIPDetection }: ClientTraffic,
  scope: FeatureScope,
): Checks | undefined {
  const { customHeader } = clientIPDetection ?? {};
  const action = path?.escapedSlashesAction;
  if (action === "UnescapeAndForward") {
    scope.report("client-setting-invalid", "/path/escapedSlashesAction", {
      message: "UnescapeAndForward is not served: what the routes have judged would not be what backends are sent.",
      fix: "Write UnescapeAndRedirect, RejectRequest or KeepUnchanged.",
    });
  }
  const checks: Checks = {
    ...noListenerChecks,
    healthPath: healthCheck?.path ?? "",
    addressHeader: customHeader?.failClosed === true ? customHeader.name.toLowerCase() : "",
    escapedSlashes: action === undefined || action === "UnescapeAndForward" ? "keep" : escapedSlashes[action],
    underscores: underscores[headers?.withUnderscoresAction ?? "Allow"],
    hostDot: headers?.host?.stripTrailingHostDot === true ? "stripped" : "kept",
  };
  return Object.entries(checks).every(([name, value]) => value === noListenerChecks[name as keyof Checks])
    ? undefined
    : checks;
}
