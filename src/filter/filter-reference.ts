import type { FilterKind } from "../ir/filter.ts";
import { modifyPath } from "../ir/path-modifier.ts";
import { proxyFilters } from "./proxy-filters.ts";

/** What users should know of a filter beyond its fields. */
type FilterDoc = {
  /** `type` as users write it. */
  readonly types: readonly string[];
  /** Kinds of route and places in them. */
  readonly where: string;
  /** Field of the specification. */
  readonly field: string;
  readonly does: string;
  /** Rules that the specification leaves open, and how they are settled here. */
  readonly notes: readonly string[];
};

const everywhere = "HTTPRoute and GRPCRoute rules and backendRefs";

/** One entry for each kind of filter; one that is missing here is a type error. */
const filterDocs = {
  headerModifier: {
    types: ["RequestHeaderModifier", "ResponseHeaderModifier"],
    where: everywhere,
    field: "HTTPHeaderFilter",
    does: "Sets, then adds, then removes headers of the request or of the response.",
    notes: [
      "A header that is added joins the values that are there, in a line of its own.",
      "This holds for headers that the gateway writes too, such as X-Forwarded-Proto, X-Request-Id and Date: the filter has the last word.",
      "What a client sends under the same name with underscores for hyphens goes with a request header that is set or removed: many backends read both as one.",
      "Response modifiers also change answers that the gateway gives by itself.",
      "Headers that frame the message or belong to a connection, and Host, are refused with a finding.",
    ],
  },
  requestRedirect: {
    types: ["RequestRedirect"],
    where: "HTTPRoute rules",
    field: "HTTPRequestRedirectFilter",
    does: "Answers with 301, 302, 303, 307 or 308 and a `Location`; the backend is not asked.",
    notes: [
      "The port is `port`; without it, that of `scheme`; without both, the listener's. 80 for http and 443 for https are left out.",
      "Ports are those that clients use: with `--map-port 443:8443` a redirect to https names 8443.",
      "The query is kept as the client sent it. A query in replaceFullPath comes before it: `/l?x=1` makes `/l?x=1&y=2` of `?y=2`.",
      "What is kept of the path is as the client spelled it.",
    ],
  },
  urlRewrite: {
    types: ["URLRewrite"],
    where: "HTTPRoute rules and backendRefs",
    field: "HTTPURLRewriteFilter",
    does: "Changes the host and the path that the backend sees. The query is kept.",
    notes: [
      "The path that results begins with exactly one slash.",
      "Characters that a path cannot hold are percent-encoded.",
      "A query in replaceFullPath comes before the request's own: `/l?x=1` makes `/l?x=1&y=2` of `?y=2`.",
    ],
  },
  requestMirror: {
    types: ["RequestMirror"],
    where: `${everywhere}; several in one rule`,
    field: "HTTPRequestMirrorFilter",
    does: "Sends a copy of every request, or of a share of them, to another backend and ignores its answers.",
    notes: [
      "The copy is taken where the filter stands in the list: what later filters do is not in it.",
      "It goes out when the request goes to a backend. A request that the gateway answers or refuses by itself is not copied.",
      "A mirror never delays the request that it copies: when it cannot keep up it is given up and counted.",
      "A backend that does not resolve is not mirrored to; the request is served.",
    ],
  },
  cors: {
    types: ["CORS"],
    where: "HTTPRoute rules",
    field: "HTTPCORSFilter, GEP-1767",
    does: "Answers preflight requests with 200 and marks responses as shareable with the origins that are allowed.",
    notes: [
      "A preflight never reaches the backend. Without an allowed origin it gets 200 without CORS headers.",
      "A preflight is matched as the request that it asks for, too: a match on a method holds for Access-Control-Request-Method, a match on a header for its name in Access-Control-Request-Headers, whatever the value will be. Headers that browsers do not announce, such as Cookie and Accept, are matched as the preflight has them.",
      "What the backend says about origins, credentials and exposed headers is replaced.",
      'A `"*"` in allowMethods or allowHeaders is answered with the method and headers that the preflight asks for.',
      'A request with a Cookie gets no CORS headers where allowOrigins is `"*"` without allowCredentials. The same holds for an Authorization header, unless allowHeaders names it or is `"*"`.',
      "`Vary: Origin` is added whenever the answer depends on the origin.",
    ],
  },
  externalAuth: {
    types: ["ExternalAuth"],
    where: "HTTPRoute rules and backendRefs; listeners, before routing",
    field: "HTTPExternalAuthFilter, GEP-1494; Listener.filters, GEP-5224",
    does: "Asks another server, over HTTP or gRPC, whether the request may pass.",
    notes: [
      "It fails closed: without an answer, or with a reference that does not resolve, the request is refused.",
      "Headers that are copied from the server's answer cannot come from the client.",
      "What is asked and what an answer may change: [external authorisation](external-auth.md).",
    ],
  },
  directResponse: {
    types: ["ExtensionRef"],
    where: everywhere,
    field: "HTTPRouteFilter.extensionRef",
    does: "Answers 500: no extension kinds exist, and a filter that cannot be resolved must not be skipped.",
    notes: ["The reason is a finding; clients are not told it."],
  },
} as const satisfies { readonly [K in FilterKind]: FilterDoc };

/** Rows of the table of path modifiers: request path, prefix match, replacement. The last column is computed. */
const pathExamples = [
  ["/foo/bar", "/foo", "/xyz"],
  ["/foo/bar", "/foo", "/xyz/"],
  ["/foo", "/foo", "/xyz"],
  ["/foo/", "/foo", "/xyz"],
  ["/foo/bar", "/foo", ""],
  ["/foo/", "/foo", ""],
  ["/foo", "/foo", "/"],
  ["/bar", "/", "/xyz"],
  ["/", "/", "/xyz"],
] as const;

/** `docs/reference/filters.md`: every filter with what it does and what the specification leaves open. */
export function renderFilterReference(): string {
  const sections = Object.entries(filterDocs).map(([kind, doc]: [string, FilterDoc]) => {
    const built = proxyFilters[kind as FilterKind].kind === "built";
    return [
      `## ${doc.types.join(", ")}`,
      doc.does,
      [`- Where: ${doc.where}`, `- Specification: ${doc.field}`, ...doc.notes.map((note) => `- ${note}`)].join("\n"),
      `In the routing model: \`${kind}\`. ${built ? `Code: \`src/filter/${kind}/proxy.ts\`.` : "Run by the engine, because it calls other servers."}`,
    ].join("\n\n");
  });
  const paths = pathExamples.map(([path, prefix, value]) => {
    const cells = [path, prefix, value || "(empty)", modifyPath({ kind: "prefix", value }, path, prefix)];
    return `| ${cells.map((cell) => `\`${cell}\``).join(" | ")} |`;
  });
  return `${[
    "# Filters",
    "What each filter of a route does here. Those of the listener run first, then the rule's, then the backendRef's, each in the order in which they are listed; on the response in reverse.\nMade from `src/filter/filter-reference.ts` by `npm run docs`; a test keeps it so.",
    ...sections,
    "## ReplacePrefixMatch",
    "Redirects and rewrites replace the part of the path that the rule's prefix match covered.",
    `| request path | prefix match | replacement | result |\n| --- | --- | --- | --- |\n${paths.join("\n")}`,
  ].join("\n\n")}\n`;
}
