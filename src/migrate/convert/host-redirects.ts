import type { IngressServer } from "../../ingress/ingress-model.ts";
import { listenerName, type PlannedGateway, type WantedListener } from "./gateways.ts";
import type { PlannedRoute, PlannedServer } from "./plan-routes.ts";

type HostInput = { readonly gateway: PlannedGateway; readonly tls: readonly WantedListener[] };

/** Routes of hosts that no Ingress has and that are redirected to one that an Ingress has. */
export function hostRedirects(
  server: IngressServer,
  { part: { hosts }, origins }: PlannedServer,
  { gateway, tls }: HostInput,
): readonly PlannedRoute[] {
  const { owner } = server;
  if (owner === undefined) return [];
  return hosts.map(({ hostname, filters }) => {
    const listeners = tls.map((own) => (own.hostname === "" ? own : wantFor(hostname, own, gateway)));
    return {
      ingress: owner,
      kind: "HTTPRoute",
      purpose: "www-redirect",
      on: "all",
      hostnames: [hostname],
      rules: [{ name: "redirect", matches: [], filters, routeFilter: {}, fields: {}, backendRefs: undefined }],
      securityPolicy: {},
      trafficPolicy: {},
      gateway,
      tls: listeners,
      sources: { rule: origins.hosts, securityPolicy: [], trafficPolicy: [] },
    };
  });
}

/** A listener for the other name, with the certificate of the host. */
function wantFor(hostname: string, own: WantedListener, { listeners }: PlannedGateway): WantedListener {
  const wanted = { ...own, hostname };
  listeners.set(listenerName(wanted), wanted);
  return wanted;
}
