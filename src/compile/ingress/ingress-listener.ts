import { hashJson } from "../../base/hash.ts";
import type { ControllerConfig } from "../../ingress/controller-config.ts";
import { controllerFlag } from "../../ingress/controller-flag.ts";
import { goInteger } from "../../ingress/go-value.ts";
import type { PlacedFilter } from "../../ir/filter.ts";
import type { ListenerSettings } from "../../ir/listener-settings.ts";
import type { HttpListener, VirtualHost } from "../../ir/routing-model.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { ListenerTls } from "../../ir/tls.ts";

/** What the listeners of a class share. */
export type ListenerScope = {
  readonly gateway: string;
  readonly from: SourceRef;
  readonly settings: ListenerSettings;
  readonly filters: readonly PlacedFilter[];
};

/** A listener for HTTP, or with `tls` for HTTPS. */
export function httpListener(
  { gateway, from, settings, filters }: ListenerScope,
  own: {
    readonly name: string;
    readonly hostname: string;
    readonly port: number;
    readonly tls: (ListenerTls & { readonly mode: "terminate" }) | undefined;
    readonly virtualHosts: readonly VirtualHost[];
  },
): HttpListener {
  const { name, hostname, port, tls, virtualHosts } = own;
  const key = `${gateway}/${name}`;
  const hash = hashJson({ key, port, hostname, tls, filters, settings });
  const common = { key, name, from, port, hostname, settings, hash, filters, virtualHosts };
  return tls === undefined ? { ...common, protocol: "HTTP" } : { ...common, protocol: "HTTPS", tls };
}

/** For every request of a class: browsers are told to stay with https. */
export function listenerFilters(controller: ControllerConfig, from: SourceRef): readonly PlacedFilter[] {
  if (!controllerFlag(controller, "hsts", true)) return [];
  const parts = [
    `max-age=${goInteger(controller.value("hsts-max-age") ?? "") ?? 31_536_000}`,
    ...(controllerFlag(controller, "hsts-include-subdomains", true) ? ["includeSubDomains"] : []),
    ...(controllerFlag(controller, "hsts-preload", false) ? ["preload"] : []),
  ];
  return [{ from, filter: { kind: "strictTransport", value: parts.join("; "), always: false } }];
}
