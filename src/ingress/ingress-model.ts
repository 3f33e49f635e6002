/**
 * What the Ingresses of one controller ask for, as ingress-nginx understands them: servers by host, each with its locations in the
 * order in which ingress-nginx tries them. It is between three readers: the compiler makes the routing model of it, `migrate convert`
 * the objects of the Gateway API, `migrate inventory` its report. Plain data; made by `readIngresses`, which is pure.
 */
import type { Finding } from "../finding/finding.ts";
import type { SourceRef } from "../ir/source-ref.ts";
import type { Resource } from "../resource/kinds.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { LocationSettings, ServerFeatureName, ServerSettings } from "./features.ts";

export type IngressModel = {
  readonly controller: ControllerConfig;
  /** By hostname, the longest first, and last the one for all other hosts (`""`). */
  readonly servers: readonly IngressServer[];
  /** Of the tcp-services and udp-services ConfigMaps. */
  readonly streams: readonly IngressStream[];
  /** Ingresses of the class, the oldest first, with what of each is served. */
  readonly ingresses: readonly ReadIngress[];
  readonly findings: readonly Finding[];
};

export type ReadIngress = {
  readonly resource: Resource<"Ingress">;
  /** Nothing of it is served, for the finding that is named; ingress-nginx leaves it out too. */
  readonly dropped: Finding | undefined;
  readonly settings: LocationSettings & ServerSettings;
};

export type IngressServer = {
  /** Lower case; `*.` + name stands for one label; `""`: every host that no other server has. */
  readonly hostname: string;
  /** `server-alias`es that no other server has. */
  readonly aliases: readonly string[];
  /** The oldest Ingress of the host: answers where no path fits are its. */
  readonly owner: Resource<"Ingress"> | undefined;
  readonly settings: ServerSettings;
  /** Whose each setting is: the oldest Ingress of the host that says anything of it; absent where none does. */
  readonly settingOwners: { readonly [Name in ServerFeatureName]?: Resource<"Ingress"> };
  readonly certificate: ServerCertificate;
  /** In the order in which they are tried: the first that fits answers. The last fits every path. */
  readonly locations: readonly IngressLocation[];
  /** `ssl-passthrough`: streams by SNI go to this backend, and nothing on 443 is terminated. */
  readonly passthrough: ServiceBackend | undefined;
};

export type ServerCertificate =
  /** A Secret that can be used and names the host. */
  | { readonly kind: "secret"; readonly namespace: string; readonly name: string; readonly from: SourceRef }
  /** `tls` is written, but its Secret is missing, unusable, or for another host: the default certificate, and redirects to https all the same. */
  | { readonly kind: "default"; readonly from: SourceRef }
  /** No Ingress asks for one: on 443 the default certificate, and no redirect. */
  | { readonly kind: "none" };

export type IngressLocation = {
  readonly match: LocationMatch;
  /** As written in the Ingress; `""` for a location that ingress-nginx adds by itself. */
  readonly path: string;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
  /** Ingress, and the pointer of the path in it. `undefined`: nobody's (`/` of a host without one). */
  readonly owner: { readonly resource: Resource<"Ingress">; readonly from: SourceRef } | undefined;
  readonly settings: LocationSettings;
  /** Why it answers 503 whatever is asked; `undefined`: it does not. */
  readonly denied: Finding | undefined;
  readonly target: LocationTarget;
  /** In the order in which they are asked; of the same path, from Ingresses with `canary`. At most one, as ingress-nginx has it. */
  readonly canaries: readonly IngressCanary[];
};

/** Paths are compared in the normal form of requests, decoded. */
export type LocationMatch =
  | { readonly kind: "exact"; readonly value: string }
  /** Path as a plain beginning; a value ends with `/`. */
  | { readonly kind: "beginning"; readonly value: string }
  /** PCRE, anchored at the beginning alone, without regard to case. */
  | { readonly kind: "regex"; readonly pattern: string };

export type LocationTarget =
  | { readonly kind: "backend"; readonly backend: ServiceBackend }
  /** 301 to the same URL with a slash behind its path, as nginx does for a path that is missing it. */
  | { readonly kind: "slash" }
  /** The controller's default backend: 404 unless `--default-backend-service` names one. */
  | { readonly kind: "defaultBackend" };

export type ServiceBackend = {
  readonly namespace: string;
  readonly service: string;
  readonly port: { readonly number: number } | { readonly name: string };
  readonly from: SourceRef;
};

export type IngressCanary = {
  readonly owner: Resource<"Ingress">;
  readonly backend: ServiceBackend;
  readonly settings: LocationSettings;
};

export type IngressStream = {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly backend: ServiceBackend;
  /** PROXY protocol, as `::PROXY` asks: read from clients, written to the Service. */
  readonly proxy: { readonly decode: boolean; readonly encode: boolean };
};
