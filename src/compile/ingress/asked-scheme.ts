import type { ControllerConfig } from "../../ingress/controller-config.ts";
import { controllerFlag } from "../../ingress/controller-flag.ts";
import type { RequestCondition } from "../../ir/conditional-answer.ts";
import { maxPlaceholderLength, type Placeholder, type Template } from "../../ir/template.ts";

/** One way in which a request may have been asked for by a scheme and under a host, and how they are named in Location. */
export type AskedAs = { readonly when: readonly RequestCondition[]; readonly host: Template };

/**
 * All ways of asking by `scheme`, of which at most one holds. With `use-forwarded-headers` X-Forwarded-Proto and
 * X-Forwarded-Host say what the client asked for, if they are there.
 */
export function askedBy(scheme: "http" | "https", controller: ControllerConfig): readonly AskedAs[] {
  const byConnection: RequestCondition = {
    value: { from: "scheme" },
    test: { kind: "exact", value: scheme },
    negated: false,
  };
  if (!controllerFlag(controller, "use-forwarded-headers", false)) {
    return [{ when: [byConnection], host: [{ from: "hostname" }] }];
  }
  const proto = header("x-forwarded-proto");
  const host = header("x-forwarded-host");
  const schemes: readonly (readonly RequestCondition[])[] = [
    [{ value: proto, test: { kind: "exact", value: scheme }, negated: false }],
    [{ value: proto, test: { kind: "exact", value: "" }, negated: false }, byConnection],
  ];
  return schemes.flatMap((when): readonly AskedAs[] => [
    {
      when: [...when, { value: host, test: { kind: "find", value: "^[^:]+" }, negated: false }],
      host: [{ from: "capture", group: 0, escaped: false }],
    },
    {
      when: [...when, { value: host, test: { kind: "exact", value: "" }, negated: false }],
      host: [{ from: "hostname" }],
    },
  ]);
}

function header(name: string): Placeholder {
  return { from: "request", name, otherwise: undefined, maxLength: maxPlaceholderLength };
}
