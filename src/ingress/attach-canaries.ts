import type { Finding } from "../finding/finding.ts";
import type { Resource } from "../resource/kinds.ts";
import { backendAt, findingAt } from "./at-ingress.ts";
import type { IngressCanary, IngressLocation, IngressServer, ServiceBackend } from "./ingress-model.ts";
import type { ReadSettings } from "./read-settings.ts";

type Canary = { readonly ingress: Resource<"Ingress">; readonly settings: ReadSettings };

/**
 * Gives the locations the canaries of their paths. A canary belongs to the Service port of the path that it shares with a main
 * Ingress, so that all paths of that Service port have it; of several the oldest counts. One that shares no path is ignored.
 * Spec: ingress-nginx, mergeAlternativeBackends.
 */
export function attachCanaries(
  servers: readonly IngressServer[],
  canaries: readonly Canary[],
  findings: Finding[],
): readonly IngressServer[] {
  if (canaries.length === 0) return servers;
  const byHost = new Map(servers.map((server) => [server.hostname, server]));
  const byBackend = new Map<string, IngressCanary>();
  for (const { ingress, settings } of canaries) {
    ingress.spec.rules.forEach(({ host, http }, ruleIndex) => {
      http?.paths.forEach(({ path, pathType, backend }, pathIndex) => {
        if (backend.service === undefined) return;
        const pointer = `/spec/rules/${ruleIndex}/http/paths/${pathIndex}`;
        const own = backendAt(ingress, backend.service, `${pointer}/backend`);
        const main = byHost
          .get(host)
          ?.locations.find(
            (location) =>
              location.path === (path === "" ? "/" : path) && location.pathType === pathType && isBackend(location),
          );
        const key = main?.target.kind === "backend" ? backendKey(main.target.backend) : undefined;
        const problem =
          key === undefined
            ? `no other Ingress has ${host === "" ? "" : `the host ${host} with `}the path ${path} (${pathType})`
            : key === backendKey(own)
              ? "it has the backend of the main Ingress"
              : byBackend.has(key)
                ? `Ingress ${byBackend.get(key)!.owner.metadata.namespace}/${byBackend.get(key)!.owner.metadata.name} is its canary already, and is older`
                : undefined;
        if (key !== undefined && problem === undefined) {
          byBackend.set(key, { owner: ingress, backend: own, settings: settings.location });
        } else if (!isSame(byBackend.get(key ?? ""), ingress)) {
          findings.push(
            findingAt(
              "ingress-canary-unused",
              { ingress, pointer },
              {
                message: `The canary is ignored, as ingress-nginx does: ${problem}.`,
                fix: "Give it host, path and path type of the main Ingress, or remove it.",
              },
            ),
          );
        }
      });
    });
  }
  return servers.map((server) => ({
    ...server,
    locations: server.locations.map((location) => withCanary(location, byBackend)),
  }));
}

function withCanary(location: IngressLocation, byBackend: ReadonlyMap<string, IngressCanary>): IngressLocation {
  const { target } = location;
  const canary = target.kind === "backend" ? byBackend.get(backendKey(target.backend)) : undefined;
  return canary === undefined ? location : { ...location, canaries: [canary] };
}

/** A canary of several paths to one Service port is one canary. */
function isSame(canary: IngressCanary | undefined, ingress: Resource<"Ingress">): boolean {
  return canary?.owner === ingress;
}

function isBackend({ target }: IngressLocation): boolean {
  return target.kind === "backend";
}

/** ingress-nginx takes a port by its name and the same by its number for two backends. */
function backendKey({ namespace, service, port }: ServiceBackend): string {
  return `${namespace}/${service}:${"number" in port ? port.number : port.name}`;
}
