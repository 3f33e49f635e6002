/** Where a URL that an annotation names leads to: a Service, or a Backend for a host outside of the cluster. */
import { isIP } from "node:net";
import type { LocationMatch, ServiceBackend } from "../../ingress/ingress-model.ts";
import { annotationPointer } from "../../ingress/read-feature.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { ConvertScope } from "./convert-feature.ts";
import { policyGroup } from "./options.ts";

export type UrlTarget = { readonly backendRef: JsonObject; readonly path: string; readonly query: string };

const url = /^(https?):\/\/([^/?:]+)(?::(\d+))?([^?]*)(?:\?(.*))?$/;
const clusterName = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?\.?$/;
const sameHost = /^\$\{?(?:http_)?host\}?$/;

/**
 * `undefined`: a variable other than the request's host stands for the host, or nobody on this host answers the path.
 * `from`: the kind of object that refers to it.
 */
export function urlTarget(
  text: string,
  annotation: string,
  from: { readonly group: string; readonly kind: string },
  scope: ConvertScope,
): UrlTarget | undefined {
  const [, scheme, host = "", digits, path = "", query = ""] = url.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const rest = { path: path === "" ? "/" : path, query };
  const refTo = (backend: ServiceBackend) => scope.serviceRef(from, backend);
  if (sameHost.test(host)) {
    const backend = backendOf(rest.path, scope);
    const backendRef = backend && refTo(backend);
    return backendRef && { backendRef, ...rest };
  }
  if (host.includes("$")) return undefined;
  const port = digits === undefined ? (scheme === "https" ? 443 : 80) : Number(digits);
  const [, service = "", namespace = ""] = clusterName.exec(host) ?? [];
  const pointer = annotationPointer(annotation);
  const at = { kind: "Ingress", ...scope.ingress.metadata, pointer };
  if (scheme === "http" && isService(host, namespace, service, scope)) {
    const backendRef = refTo({ namespace, service, port: { number: port }, from: at });
    return backendRef && { backendRef, ...rest };
  }
  if (scope.policies === "none") return undefined;
  const group = policyGroup[scope.policies];
  const secure = scheme === "https";
  const name = scope.addOnce({
    apiVersion: `${group}/v1alpha1`,
    kind: "Backend",
    metadata: {
      name: host.toLowerCase().replace(/\.$/, ""),
      namespace: scope.ingress.metadata.namespace,
      labels: {},
      annotations: {},
    },
    content: {
      spec: {
        endpoints: [
          isIP(host) === 0 ? { fqdn: { hostname: host.toLowerCase(), port } } : { ip: { address: host, port } },
        ],
        ...(secure
          ? { tls: { wellKnownCACertificates: "System", ...(isIP(host) === 0 ? { sni: host.toLowerCase() } : {}) } }
          : {}),
      },
    },
    app: undefined,
    comments: [
      `Named by ${annotation} of Ingress ${scope.ingress.metadata.namespace}/${scope.ingress.metadata.name}.`,
      ...(secure ? ["Its certificate is verified, which ingress-nginx does not do."] : []),
    ],
  });
  return { backendRef: { group, kind: "Backend", name }, ...rest };
}

/** A name of the cluster's DNS: with `.svc`, or that of a Service that was read. */
function isService(host: string, namespace: string, service: string, { snapshot }: ConvertScope): boolean {
  if (namespace === "") return false;
  return /\.svc(?:\.|$)/.test(host) || snapshot.get("Service", namespace, service) !== undefined;
}

/** Who answers a path on the location's own host. */
function backendOf(path: string, { server }: ConvertScope): ServiceBackend | undefined {
  const found = server.locations.find(({ match, target }) => target.kind === "backend" && fits(match, path));
  return found?.target.kind === "backend" ? found.target.backend : undefined;
}

function fits(match: LocationMatch, path: string): boolean {
  if (match.kind === "exact") return match.value === path;
  if (match.kind === "beginning") return path.startsWith(match.value);
  return path.toLowerCase().startsWith(match.pattern.toLowerCase());
}
