import { compileHeaderModifier } from "../../filter/headerModifier/compile.ts";
import type { Filter, PlacedFilter } from "../../ir/filter.ts";
import type { FeatureScope } from "../policy/feature-scope.ts";
import type { ClientTraffic } from "./client-settings.ts";

type Checks = Extract<Filter, { readonly kind: "listenerChecks" }>;

const underscores = { Allow: "allow", RejectRequest: "reject", DropHeader: "drop" } as const;
const escapedSlashes = { KeepUnchanged: "keep", RejectRequest: "reject", UnescapeAndRedirect: "redirect" } as const;

const noChecks: Checks = {
  kind: "listenerChecks",
  healthPath: "",
  addressHeader: "",
  escapedSlashes: "keep",
  underscores: "allow",
  hostDot: "kept",
  refusedMethods: [],
};

/** The filters that a policy puts before a listener's own; those of answers stand first, so that answers meet them last. */
export function clientFilters(
  spec: ClientTraffic,
  scopeOf: (pointer: string) => FeatureScope,
): readonly PlacedFilter[] {
  const place = (pointer: string, filter: Filter): PlacedFilter => ({ from: scopeOf(pointer).from(""), filter });
  const checks = checksOf(spec, scopeOf(""));
  const { lateResponseHeaders: late, earlyRequestHeaders: early } = spec.headers ?? {};
  return [
    ...(late === undefined
      ? []
      : [
          place(
            "/headers/lateResponseHeaders",
            compileHeaderModifier("response", late, scopeOf("/headers/lateResponseHeaders")),
          ),
        ]),
    ...(checks === undefined ? [] : [place("", checks)]),
    ...(early === undefined
      ? []
      : [
          place(
            "/headers/earlyRequestHeaders",
            compileHeaderModifier("request", early, scopeOf("/headers/earlyRequestHeaders")),
          ),
        ]),
  ];
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
    ...noChecks,
    healthPath: healthCheck?.path ?? "",
    addressHeader: customHeader?.failClosed === true ? customHeader.name.toLowerCase() : "",
    escapedSlashes: action === undefined || action === "UnescapeAndForward" ? "keep" : escapedSlashes[action],
    underscores: underscores[headers?.withUnderscoresAction ?? "Allow"],
    hostDot: headers?.host?.stripTrailingHostDot === true ? "stripped" : "kept",
  };
  return Object.entries(checks).every(([name, value]) => value === noChecks[name as keyof Checks]) ? undefined : checks;
}
