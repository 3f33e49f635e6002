import type { ExternalAuth } from "../../../ingress/feature/external-auth.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { needsNoAuth } from "../../../ingress/needs-no-auth.ts";
import type { AuthRequest, AuthRequestCache } from "../../../ir/access-filter.ts";
import type { ClusterKey } from "../../../ir/cluster.ts";
import type { HeaderTemplate, Placeholder, Template } from "../../../ir/template.ts";
import { readNginxText } from "../nginx-text.ts";
import {
  type ClusterPart,
  nothingServed,
  type ServeFeature,
  type ServeScope,
  type StagedFilter,
} from "../serve-feature.ts";

/** How long nginx waits for an answer unless it is told otherwise. */
const timeoutMs = 60_000;
/** Cluster-internal names end in it; `cluster.local` unless the cluster was set up otherwise. */
const serviceName = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;

/** With `satisfy: any` the address lists serve it. */
export const serveExternalAuth: ServeFeature<LocationSettings["externalAuth"]> = (auth, scope) =>
  scope.location.settings.addressLists.satisfy === "any"
    ? nothingServed
    : { ...nothingServed, filters: externalAuthFilters(auth, scope) };

/** What asks for a permission at a location. */
export function externalAuthFilters(auth: ExternalAuth | undefined, scope: ServeScope): readonly StagedFilter[] {
  const { owner, path } = scope.location;
  if (auth === undefined || owner === undefined || needsNoAuth(scope.controller, path)) return [];
  const server = serverOf(auth, scope);
  if (server === undefined) return [];
  const textOf = (text: string, annotation: string): Template | undefined => templateOf(text, annotation, scope);
  const target = textOf(server.target, "auth-url");
  const headers = headersOf(auth, textOf);
  const cache = cacheOf(auth, textOf);
  if (target === undefined || headers === undefined || cache === "refused") return [];
  const filter: AuthRequest = {
    kind: "authRequest",
    server: server.cluster,
    method: auth.method ?? "GET",
    target,
    host: server.host,
    withheld: [],
    headers,
    admits: auth.keepsConnections ? "ok" : "success",
    copiedHeaders: auth.responseHeaders,
    cookies: auth.alwaysSetsCookie ? "always" : "success",
    signIn: signInOf(auth, scope),
    cache,
    timeoutMs,
  };
  return [{ stage: "access", from: scope.at("auth-url"), filter }];
}

/** A variable that is not known here cannot be left out of a question: nobody may pass. */
function templateOf(text: string, annotation: string, scope: ServeScope): Template | undefined {
  const read = readNginxText(text, { serverName: scope.server.hostname });
  if (read.kind === "template") return read.template;
  scope.deny("ingress-auth-invalid", annotation, {
    message: `${annotation} has ${read.variable}, which is not known here: every request gets 503.`,
    fix: "Write it without that variable of nginx.",
  });
  return undefined;
}

type Server = { readonly cluster: ClusterKey | undefined; readonly host: string; readonly target: string };

/** Where the URL leads. A host by a variable is that of the server, which has one name. */
function serverOf({ url }: ExternalAuth, scope: ServeScope): Server | undefined {
  const [, scheme = "", written = "", rest = ""] = /^(https?):\/\/([^/?]*)(.*)$/i.exec(url) ?? [];
  const [, name = "", portText] = /^(.*?)(?::(\d+))?$/.exec(written) ?? [];
  const host = name
    .replace(/\$(?:\{(?:http_)?host\}|(?:http_)?host\b|\{?server_name\b\}?)/g, scope.server.hostname)
    .toLowerCase();
  if (host === "" || /[^a-z0-9._-]/.test(host)) {
    scope.deny("ingress-auth-invalid", "auth-url", {
      message: `auth-url is ${url}, whose host is not one and the same for all requests: every request gets 503.`,
      fix: "Write the host of the authorisation server.",
    });
    return undefined;
  }
  const https = scheme.toLowerCase() === "https";
  const port = portText === undefined ? (https ? 443 : 80) : Number(portText);
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  const from = scope.at("auth-url");
  // As with nginx: a certificate is not checked.
  const part: ClusterPart = https ? { tls: { hostname: host, ca: [], subjectAltNames: [], verification: "none" } } : {};
  const [, service, namespace] = serviceName.exec(host) ?? [];
  const isPort = (ports: readonly { readonly port: number }[]) => ports.some((row) => row.port === port);
  if (service !== undefined && namespace !== undefined) {
    const object = scope.context.snapshot.get("Service", namespace, service);
    if (object !== undefined && isPort(object.spec.ports ?? [])) {
      const backend = { namespace, service, port: { number: port }, from };
      // nginx asks the name, which stands for the Service's own address.
      return { cluster: scope.serviceCluster(backend, { ...part, addresses: "clusterIp" }), host, target };
    }
  }
  const outside = { scheme: https ? ("https" as const) : ("http" as const), hostname: host, port };
  return { cluster: scope.hostCluster(outside, from, part), host, target };
}

const place = (from: Extract<Placeholder, { readonly from: string }>["from"]): Placeholder => ({ from }) as Placeholder;
const askedUrl: Template = [place("scheme"), "://", place("host"), place("target")];

/** What the service is told, under the names that ingress-nginx has. */
function headersOf(
  { method, requestRedirect, headers }: ExternalAuth,
  textOf: (text: string, annotation: string) => Template | undefined,
): readonly HeaderTemplate[] | undefined {
  const own = headers.map(({ name, value }) => ({
    name: name.toLowerCase(),
    value: textOf(value, "auth-proxy-set-headers"),
  }));
  if (!own.every((header): header is HeaderTemplate => header.value !== undefined)) return undefined;
  const usual: readonly HeaderTemplate[] = [
    { name: "x-request-id", value: [place("requestId")] },
    ...(method === undefined
      ? []
      : [
          { name: "x-original-uri", value: [place("target")] },
          { name: "x-scheme", value: [place("scheme")] },
        ]),
    { name: "x-original-url", value: askedUrl },
    { name: "x-original-method", value: [place("method")] },
    { name: "x-sent-from", value: ["nginx-ingress-controller"] },
    { name: "x-real-ip", value: [place("clientAddress")] },
    { name: "x-forwarded-for", value: [place("clientAddress")] },
    { name: "x-auth-request-redirect", value: requestRedirect === undefined ? [place("target")] : [requestRedirect] },
  ];
  const names = new Set(own.map(({ name }) => name));
  return [...usual.filter(({ name }) => !names.has(name)), ...own];
}

/** Users whom nobody has verified do not tell requests apart, so `$remote_user` is the header that it is read from. */
function cacheOf(
  { cache }: ExternalAuth,
  textOf: (text: string, annotation: string) => Template | undefined,
): AuthRequestCache | undefined | "refused" {
  if (cache === undefined) return undefined;
  const key = textOf(
    cache.key.replace(/\$(?:remote_user\b|\{remote_user\})/g, "$http_authorization"),
    "auth-cache-key",
  );
  return key === undefined ? "refused" : { key, rows: cache.rows };
}

/** The address that was asked for goes along, unless the URL has the parameter already. */
function signInOf({ signIn }: ExternalAuth, scope: ServeScope): Template | undefined {
  if (signIn === undefined) return undefined;
  const { url, parameter } = signIn;
  const read = readNginxText(url, { serverName: scope.server.hostname });
  if (read.kind === "unknown") {
    scope.report("ingress-variable-unknown", "auth-signin", {
      message: `auth-signin has ${read.variable}, which is not known here: clients get the 401 rather than the sign-in page.`,
      fix: "Write it without that variable of nginx.",
    });
    return undefined;
  }
  const query = url.split("?", 2)[1];
  const values = new URLSearchParams(query ?? "");
  if ((values.get(parameter) ?? "") !== "") return read.template;
  const joint = [...values].length === 0 ? "?" : "&";
  return [...read.template, `${joint}${parameter}=`, place("scheme"), "://", place("host"), place("escapedTarget")];
}
