import { acceptedText, type TextRule, withoutSpaces } from "../accepted-text.ts";
import { annotationRow } from "../annotation.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { readObjectReference } from "../object-reference.ts";

/**
 * A service that is asked about every request, but for paths that `needsNoAuth`. Texts may have nginx's variables in them.
 */
export type ExternalAuth = {
  /** http or https. */
  readonly url: string;
  /** `undefined`: GET. A method that is written has the service told X-Original-URI and X-Scheme, too. */
  readonly method: string | undefined;
  /** Where clients are sent that it answers 401; `undefined`: they get the 401. */
  readonly signIn: { readonly url: string; readonly parameter: string } | undefined;
  /** Headers of a permission that the backend gets in place of the client's, lower case. One that is not there is removed. */
  readonly responseHeaders: readonly string[];
  /** X-Auth-Request-Redirect; `undefined`: path and query of the request. */
  readonly requestRedirect: string | undefined;
  /** Further headers that the service is sent. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Requests with the same key are asked about once; `undefined`: each is. */
  readonly cache: { readonly key: string; readonly rows: readonly CachedAnswers[] } | undefined;
  /** Whether Set-Cookie of a permission goes to the client whatever the backend answers, or with 2xx and 3xx alone. */
  readonly alwaysSetsCookie: boolean;
  /** What ingress-nginx calls with `auth-keepalive` admits on 200 alone. */
  readonly keepsConnections: boolean;
  /** The ConfigMap asks for it, for every Ingress that does not opt out. */
  readonly global: boolean;
};

/** For how long answers with these statuses are remembered. Milliseconds. */
export type CachedAnswers = { readonly statuses: readonly number[]; readonly ttlMs: number };

const methods = withoutSpaces(/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|CONNECT|OPTIONS|TRACE)$/, "a method such as POST");
const variableUrl = withoutSpaces(/^[-._~a-zA-Z0-9/:?&=$]*$/, "a URL");
const plainUrl = withoutSpaces(/^[-._~a-zA-Z0-9/:?&=]*$/, "a URL");
const headerName = /^[a-zA-Z\d_-]+$/;
const cacheKey = withoutSpaces(/^[A-Za-z0-9_${}-]*$/, "variables of nginx such as $http_authorization");
/** What `proxy_cache_valid` holds where no status is written. */
const statusesOtherwise = [200, 301, 302];
const cacheOtherwise = "200 202 401 5m";

/** Each text by the name of its annotation, or by its key in the ConfigMap. */
type Texts = (name: string) => string | undefined;

const tunesConnections = (name: string, means: string): IngressFeature<unknown>["annotations"][number] => ({
  ...annotationRow(name, "Low", means),
  handling: { kind: "noEffect", because: "connections to the service are kept and shared in any case" },
});

export const externalAuth: IngressFeature<ExternalAuth | undefined> = {
  annotations: [
    annotationRow(
      "auth-url",
      "High",
      "Asks a service about every request: 2xx lets it pass, 401 and 403 refuse it, anything else is a 500.",
    ),
    annotationRow("auth-signin", "High", "Where clients are sent by 302 when the service answers 401."),
    annotationRow(
      "auth-signin-redirect-param",
      "Medium",
      "Parameter of the sign-in URL that gets the address which was asked for.",
      "rd",
    ),
    annotationRow("auth-method", "Low", "Method of the request to the service.", "GET"),
    annotationRow("auth-response-headers", "Medium", "Headers of the service's answer that the backend gets."),
    annotationRow(
      "auth-request-redirect",
      "Medium",
      "X-Auth-Request-Redirect in the request to the service.",
      "path and query of the request",
    ),
    annotationRow("auth-proxy-set-headers", "Medium", "ConfigMap with headers for the request to the service."),
    annotationRow("auth-cache-key", "Medium", "What requests have in common that the service is asked about once."),
    annotationRow(
      "auth-cache-duration",
      "Medium",
      "For how long its answers are remembered, by status.",
      cacheOtherwise,
    ),
    annotationRow(
      "auth-always-set-cookie",
      "Low",
      "Passes Set-Cookie of the service on whatever the backend answers.",
      "false",
    ),
    tunesConnections("auth-keepalive", "Idle connections to the service that are kept."),
    tunesConnections("auth-keepalive-requests", "Requests on one of these connections."),
    tunesConnections(
      "auth-keepalive-share-vars",
      "Whether variables of nginx are shared with the request to the service.",
    ),
    tunesConnections("auth-keepalive-timeout", "For how long such a connection is kept."),
    annotationRow(
      "enable-global-auth",
      "Low",
      "Whether global-auth-url of the ConfigMap holds for the Ingress.",
      "true",
    ),
  ],
  read(source) {
    const own = source.text("auth-url") ?? "";
    if (own !== "") return readAuth(source, "auth-url", (name) => source.text(name), false);
    const inherits = source.flag("enable-global-auth") ?? true;
    if (!inherits || (source.controller.value("global-auth-url")?.trim() ?? "") === "") return undefined;
    return readAuth(
      source,
      "global-auth-url of the ConfigMap",
      (name) => source.controller.value(`global-${name}`)?.trim(),
      true,
    );
  },
};

function readAuth(source: AnnotationSource, where: string, texts: Texts, global: boolean): ExternalAuth | undefined {
  const refuse = (annotation: string, because: string, fix: string): undefined =>
    source.deny("ingress-auth-invalid", annotation, {
      message: `${because}: every request gets 503.`,
      fix,
    }) as undefined;
  const url = texts("auth-url") ?? "";
  const wrong = variableUrl.accepts(url) ? faultOfUrl(url.replaceAll(" ", "")) : "has a character that no URL has here";
  if (wrong !== undefined) {
    return refuse(
      "auth-url",
      `${where} is ${JSON.stringify(url)}, which ${wrong}`,
      "Write a URL such as http://auth.team.svc.cluster.local/check.",
    );
  }
  const method = texts("auth-method") || undefined;
  if (method !== undefined && !methods.accepts(method)) {
    return refuse("auth-method", `auth-method is ${JSON.stringify(method)}`, `Write ${methods.wants}.`);
  }
  const responseHeaders = wordsOf(texts("auth-response-headers") ?? "");
  const noHeader = responseHeaders.find((name) => !headerName.test(name));
  if (noHeader !== undefined) {
    return refuse(
      "auth-response-headers",
      `auth-response-headers has ${JSON.stringify(noHeader)}, which names no header`,
      "Write names of headers with commas between them.",
    );
  }
  const rows = cachedAnswers(texts("auth-cache-duration") || cacheOtherwise);
  if (rows === undefined) {
    return refuse(
      "auth-cache-duration",
      `auth-cache-duration is ${JSON.stringify(texts("auth-cache-duration"))}`,
      `Write statuses and a time, such as ${cacheOtherwise}.`,
    );
  }
  const headers = global ? [] : headersOf(source, refuse);
  if (headers === undefined) return undefined;
  const taken = (name: string, rule: TextRule): string | undefined =>
    global ? texts(name) || undefined : acceptedText(source, name, rule);
  const signIn = taken("auth-signin", variableUrl);
  const key = taken("auth-cache-key", cacheKey);
  return {
    url: url.replaceAll(" ", ""),
    method,
    signIn:
      signIn === undefined
        ? undefined
        : { url: signIn.replaceAll(" ", ""), parameter: taken("auth-signin-redirect-param", plainUrl) ?? "rd" },
    responseHeaders: responseHeaders.map((name) => name.toLowerCase()),
    requestRedirect: taken("auth-request-redirect", plainUrl),
    headers,
    cache: key === undefined ? undefined : { key, rows },
    alwaysSetsCookie: global
      ? texts("auth-always-set-cookie") === "true"
      : (source.flag("auth-always-set-cookie") ?? false),
    keepsConnections: !global && (source.integer("auth-keepalive") ?? 0) > 0,
    global,
  };
}

/** Why nginx does not ask at a URL; completes "auth-url is …, which …". */
function faultOfUrl(url: string): string | undefined {
  const [, scheme, authority = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)/.exec(url) ?? [];
  if (scheme === undefined) return "has no scheme";
  if (scheme !== "http" && scheme !== "https") return "is neither http nor https";
  const host = authority.replace(/:\d+$/, "");
  if (host === "") return "has no host";
  return host.includes("..") || host.includes(":") ? "has no valid host" : undefined;
}

function wordsOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

const unitMs = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
  ["M", 2_592_000_000],
  ["y", 31_536_000_000],
]);

/** Lists between commas, each of statuses and one time: `200 202 10m, 401 1m`. `undefined`: nginx does not take it. */
function cachedAnswers(text: string): readonly CachedAnswers[] | undefined {
  const rows = wordsOf(text).map((part): CachedAnswers | undefined => {
    const words = part.split(" ").filter((word) => word !== "");
    const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d|w|M|y)$/.exec(words.pop() ?? "") ?? [];
    if (amount === undefined || !words.every((word) => /^[1-5]\d\d$/.test(word))) return undefined;
    return {
      statuses: words.length === 0 ? statusesOtherwise : words.map(Number),
      ttlMs: Number(amount) * unitMs.get(unit ?? "")!,
    };
  });
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

/** `undefined`: refused. */
function headersOf(
  source: AnnotationSource,
  refuse: (annotation: string, because: string, fix: string) => undefined,
): ExternalAuth["headers"] | undefined {
  const annotation = "auth-proxy-set-headers";
  const text = source.text(annotation) ?? "";
  if (text === "") return [];
  const reference = readObjectReference(source, text);
  const fix = "Name a ConfigMap in the namespace of the Ingress, with a key for each header.";
  if (reference.kind === "refused") return refuse(annotation, `${annotation}: ${reference.because}`, fix);
  const { namespace, name } = reference;
  const configMap = source.snapshot.get("ConfigMap", namespace, name);
  if (configMap === undefined) {
    return refuse(annotation, `${annotation} names the ConfigMap ${namespace}/${name}, which does not exist`, fix);
  }
  const noHeader = Object.keys(configMap.data).find((key) => !headerName.test(key));
  if (noHeader !== undefined) {
    return refuse(
      annotation,
      `The ConfigMap ${namespace}/${name} has the key ${JSON.stringify(noHeader)}, which names no header`,
      fix,
    );
  }
  return Object.entries(configMap.data).map(([key, value]) => ({ name: key, value }));
}
