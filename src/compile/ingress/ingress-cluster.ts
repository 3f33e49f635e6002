import { hashJson } from "../../base/hash.ts";
import type { ServiceBackend } from "../../ingress/ingress-model.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import { defaultTrafficSettings } from "../../ir/traffic-settings.ts";
import type { Resource } from "../../resource/kinds.ts";
import { endpointsKey } from "../backend/add-cluster.ts";
import { hostEndpoints, type OutsideHost } from "../backend/host-cluster.ts";
import type { CompileContext } from "../contract.ts";
import type { ClusterPart } from "./serve-feature.ts";

type Service = Resource<"Service">;

/** The cluster of a Service, or why there is none. One of a Service or port that does not exist has no endpoints: 503. */
export type IngressCluster =
  | { readonly kind: "cluster"; readonly cluster: Cluster; readonly problem: BackendProblem | undefined }
  | { readonly kind: "refused"; readonly problem: BackendProblem };

export type BackendProblem = { readonly message: string; readonly fix: string };

/** Pure: the caller keeps the cluster, and makes the finding at the backend. */
export function clusterOfService(context: CompileContext, backend: ServiceBackend, part: ClusterPart): IngressCluster {
  const { namespace, service: name, port: wanted } = backend;
  const { snapshot, options } = context;
  const service = snapshot.get("Service", namespace, name);
  const label = `Service ${namespace}/${name}`;
  const shown = "number" in wanted ? String(wanted.number) : wanted.name;
  if (service?.spec.type === "ExternalName" && !options.allowExternalName) {
    return {
      kind: "refused",
      problem: {
        message: `${label} is of type ExternalName, which is not allowed: requests get 503.`,
        fix: "Refer to a Service with endpoints, or start with --allow-external-name if you trust everyone who can write Services.",
      },
    };
  }
  const found = service && findPort(service, wanted);
  const port = found?.port ?? ("number" in wanted ? wanted.number : undefined);
  const exists = found !== undefined || (service?.spec.type === "ExternalName" && port !== undefined);
  const problem: BackendProblem | undefined =
    service === undefined
      ? options.stubBackends
        ? undefined
        : { message: `${label} does not exist: requests get 503.`, fix: `Create ${label}, or correct the name.` }
      : exists
        ? undefined
        : {
            message: `${label} has no port ${shown}: requests get 503.`,
            fix: `Use one of its ports: ${(service.spec.ports ?? []).map((one) => one.name ?? one.port).join(", ")}.`,
          };
  const clusterIp = part.addresses === "clusterIp" ? service?.spec.clusterIP : undefined;
  const own = clusterIp === undefined || clusterIp === "None" ? undefined : clusterIp;
  const number = port ?? 0;
  return {
    kind: "cluster",
    cluster: makeCluster({
      from: { kind: "Service", namespace, name, pointer: service === undefined ? "" : "/spec" },
      port: number,
      endpoints:
        own === undefined ? endpointsKey(namespace, name, number) : hostEndpoints({ hostname: own, port: number }),
      part,
    }),
    problem,
  };
}

/** The cluster of a host that a URL names. */
export function clusterOfHost(host: OutsideHost, from: SourceRef, part: ClusterPart): Cluster {
  return makeCluster({ from, port: host.port, endpoints: hostEndpoints(host), part });
}

/** By number, by name, or by the name or number of the endpoints' port, as ingress-nginx looks it up. */
function findPort(service: Service, wanted: ServiceBackend["port"]) {
  const ports = service.spec.ports ?? [];
  if ("number" in wanted) return ports.find(({ port }) => port === wanted.number);
  return ports.find(({ name, targetPort }) => name === wanted.name || String(targetPort ?? "") === wanted.name);
}

function makeCluster({
  from,
  port,
  endpoints,
  part,
}: Pick<Cluster, "from" | "port" | "endpoints"> & { readonly part: ClusterPart }): Cluster {
  const { addresses: _, traffic, protocol = "http1", tls, ...rest } = part;
  const said = {
    ...rest,
    ...(tls === undefined ? {} : { tls }),
    protocol,
    traffic: { ...defaultTrafficSettings, ...traffic },
  };
  // What routes make of the same port has a key of its own.
  const key: ClusterKey = `${endpoints}|ingress=${hashJson(said).slice(0, 12)}`;
  return { key, from, namespace: from.namespace, name: from.name, port, endpoints, ...said };
}
