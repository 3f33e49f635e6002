/** Filters of policies and of HTTPRouteFilters in words. Values of headers are left out: they may be credentials. */
import { unreachable } from "../base/unreachable.ts";
import type { ConditionalAnswer } from "./conditional-answer.ts";
import type { Filter, HeaderChanges, OverrideRow, RegexSubstitution } from "./filter.ts";
import type { Placeholder } from "./template.ts";

/** Filters that come from no filter type of the Gateway API. */
export type ExtensionFilter = Extract<
  Filter,
  {
    readonly kind:
      | "compression"
      | "conditionalAnswer"
      | "externalProcessing"
      | "faultInjection"
      | "headerMutation"
      | "regexRewrite"
      | "responseOverride"
      | "responseRewrite";
  }
>;

/** Such as `compresses with gzip from 1024 bytes on`. */
export function describeExtension(filter: ExtensionFilter): string {
  switch (filter.kind) {
    case "compression":
      return `compresses with ${filter.encodings
        .map(({ encoding, minBytes }) => `${encoding} from ${minBytes} bytes on`)
        .join(", ")}`;
    case "conditionalAnswer":
      return filter.rows.map(describeAnswer).join("; ");
    case "externalProcessing":
      return describeProcessing(filter);
    case "faultInjection":
      return describeFaults(filter);
    case "headerMutation": {
      const changes = listed(
        [...describeChanges("request", filter.request), ...describeChanges("response", filter.response)],
        "changes no header",
      );
      return filter.statuses === undefined ? changes : `${changes}, of answers with ${filter.statuses.join(", ")}`;
    }
    case "regexRewrite":
      return describeRewrite(filter);
    case "responseOverride":
      return filter.rows.map(describeRow).join("; ");
    case "responseRewrite":
      return listed(
        [
          ...filter.location.map(({ from, to }) => `rewrites Location ${from} to ${to}`),
          ...filter.cookieDomain.map(({ from, to }) => `rewrites cookie domain ${from} to ${to || "none"}`),
          ...filter.cookiePath.map(({ from, to }) => `rewrites cookie path ${from} to ${to}`),
        ],
        "rewrites nothing of the response",
      );
    default:
      return unreachable(filter);
  }
}

function listed(parts: readonly string[], otherwise: string): string {
  return parts.length === 0 ? otherwise : parts.join(", ");
}

function describeProcessing(filter: Extract<Filter, { readonly kind: "externalProcessing" }>): string {
  const parts = (["request", "response"] as const).flatMap((of) => {
    const message = filter[of];
    if (message === undefined) return [];
    return [`${of} headers${message.body === "none" ? "" : ` and ${message.body} content`}`];
  });
  return `shows ${filter.cluster ?? "nobody (the service did not resolve)"} ${listed(parts, "nothing")}`;
}

function describeFaults({ delay, abort }: Extract<Filter, { readonly kind: "faultInjection" }>): string {
  const status = abort?.grpcStatus === undefined ? abort?.httpStatus : `gRPC status ${abort.grpcStatus}`;
  return [
    ...(delay === undefined ? [] : [`delays ${delay.percent} % of requests by ${delay.ms} ms`]),
    ...(abort === undefined ? [] : [`answers ${abort.percent} % of requests with ${status}`]),
  ].join(" and ");
}

function describeChanges(on: "request" | "response", changes: HeaderChanges): readonly string[] {
  return [
    ...changes.set.map(({ name }) => `sets ${on} header ${name}`),
    ...changes.add.map(({ name }) => `adds to ${on} header ${name}`),
    ...changes.addIfAbsent.map(({ name }) => `adds ${on} header ${name} if it is absent`),
    ...changes.remove.map((name) => `removes ${on} header ${name}`),
    ...changes.removeOnMatch.map(({ kind, value }) => `removes ${on} headers whose names fit ${kind} ${value}`),
  ];
}

function describeAnswer({ when, status, location }: ConditionalAnswer): string {
  const conditions = when.map(({ value, test, negated }) => {
    const not = negated ? "not " : "";
    if (test.kind === "set") return `${describePlace(value)} is ${not}set`;
    return `${describePlace(value)} ${describeTest[test.kind](not)} ${JSON.stringify(test.value)}`;
  });
  const to = location.map((part) => (typeof part === "string" ? part : `{${describePlace(part)}}`)).join("");
  return `answers ${status}${to === "" ? "" : ` with Location ${to}`}${conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`}`;
}

const describeTest = {
  exact: (not: string) => `is ${not}`.trim(),
  prefix: (not: string) => `${not}begins with`,
  suffix: (not: string) => `${not}ends with`,
  regex: (not: string) => `is ${not}like`,
  find: (not: string) => `${not}fits`,
} as const;

/** What a place is filled with, such as `request header x-a`. */
function describePlace(place: Placeholder): string {
  switch (place.from) {
    case "request":
      return `request header ${place.name}`;
    case "response":
      return `response header ${place.name}`;
    case "cookie":
    case "parameter":
      return `${place.from} ${place.name}`;
    case "capture":
      return `group ${place.group}`;
    case "claim":
      return `claim ${place.path.join(".")}`;
    default:
      return place.from;
  }
}

function describeRewrite({ path, host, tellsHost }: Extract<Filter, { readonly kind: "regexRewrite" }>): string {
  const describe = ({ pattern, substitution }: RegexSubstitution) => `${pattern} by ${substitution || "nothing"}`;
  return listed(
    [
      ...(host === undefined
        ? []
        : host.from === "header"
          ? [`rewrites the host to header ${host.name}`]
          : [`rewrites the host to the path with ${describe(host)}`]),
      ...(path === undefined ? [] : [`replaces ${describe(path)} in the path`]),
      ...(tellsHost ? [] : ["does not send X-Forwarded-Host"]),
    ],
    "rewrites nothing",
  );
}

const whose = { all: "answers", local: "the gateway's own answers", backend: "backends' answers" } as const;

function describeRow({ statuses, source, action }: OverrideRow): string {
  const which = statuses.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
  const subject = `${whose[source]} with ${which}`;
  switch (action.kind) {
    case "answer":
      return `replaces ${subject}${action.status === undefined ? "" : ` by ${action.status}`}`;
    case "redirect":
      return `redirects ${subject} with ${action.redirect.status}`;
    case "errorPage":
      return action.cluster === undefined
        ? `leaves ${subject} as they are: the error-page service did not resolve`
        : `has ${subject} replaced by ${action.cluster}`;
    default:
      return unreachable(action);
  }
}
