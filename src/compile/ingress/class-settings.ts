import type { ControllerConfig } from "../../ingress/controller-config.ts";
import { controllerFlag } from "../../ingress/controller-flag.ts";
import { readNetworks } from "../../ingress/networks.ts";
import { noListenerChecks, type PlacedFilter } from "../../ir/filter.ts";
import type { ForwardedHeader, Forwarding } from "../../ir/forwarding.ts";
import type { ListenerSettings } from "../../ir/listener-settings.ts";
import type { SourceRef } from "../../ir/source-ref.ts";

const xForwardedFor = "x-forwarded-for";

/** What the listeners of a class believe of their clients and tell backends, as ingress-nginx does, over what holds for all listeners. */
export function classSettings(controller: ControllerConfig, base: ListenerSettings): ListenerSettings {
  const behindProxies = controllerFlag(controller, "use-forwarded-headers", false);
  const addressHeader = (controller.value("forwarded-for-header") ?? xForwardedFor).trim().toLowerCase();
  const networks = readNetworks(controller.value("proxy-real-ip-cidr") ?? "0.0.0.0/0");
  return {
    ...base,
    ...(behindProxies
      ? {
          trustedNetworks: networks.kind === "networks" ? networks.networks : [],
          clientAddressHeader: addressHeader === xForwardedFor ? "" : addressHeader,
        }
      : {}),
    ...(controllerFlag(controller, "use-proxy-protocol", false) ? { proxyProtocolFrom: ["0.0.0.0/0", "::/0"] } : {}),
    requestId: controllerFlag(controller, "generate-request-id", true) ? "keep" : "pass",
    forwarding: forwardingOf(addressHeader, {
      behindProxies,
      whole: behindProxies && controllerFlag(controller, "compute-full-forwarded-for", false),
    }),
    fieldNames: fieldNamesOf(controller),
  };
}

function forwardingOf(
  addressHeader: string,
  { behindProxies, whole }: { readonly behindProxies: boolean; readonly whole: boolean },
): Forwarding {
  const headers: readonly ForwardedHeader[] = [
    { name: "x-real-ip", value: "clientAddress" },
    { name: xForwardedFor, value: whole ? "addresses" : "clientAddress" },
    { name: "x-forwarded-host", value: "host" },
    { name: "x-forwarded-port", value: "port" },
    { name: "x-forwarded-proto", value: "scheme" },
    { name: "x-forwarded-scheme", value: "scheme" },
    { name: "x-scheme", value: "scheme" },
    { name: "x-original-forwarded-for", value: { field: addressHeader } },
    { name: "x-original-forwarded-host", value: { field: "x-forwarded-host" } },
  ];
  return { kind: "listed", headers, host: behindProxies ? "told" : "asked" };
}

function fieldNamesOf(controller: ControllerConfig): ListenerSettings["fieldNames"] {
  if (!controllerFlag(controller, "ignore-invalid-headers", true)) return "tokens";
  return controllerFlag(controller, "enable-underscores-in-headers", false) ? "underscored" : "hyphenated";
}

/** Methods that nginx refuses, whatever Ingresses say. */
export function methodChecks(from: SourceRef): PlacedFilter {
  return {
    from,
    filter: { ...noListenerChecks, refusedMethods: ["CONNECT", "TRACE"] },
  };
}
