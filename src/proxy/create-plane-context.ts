import { systemClock } from "../base/clock.ts";
import { buildProxyFilter } from "../filter/proxy-filters.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import { defaultRequestLimits } from "../wire/http1/request-head.ts";
import { defaultResponseLimits } from "../wire/http1/response-head.ts";
import { ContentBudget } from "./content-budget.ts";
import { Deadlines } from "./deadlines.ts";
import type { EmbeddedPlaneOptions } from "./embedded-plane-options.ts";
import { defaultLimits, limitsOf } from "./limits.ts";
import { ownRequests } from "./own-request.ts";
import type { PlaneContext } from "./plane-context.ts";
import { forwardedTrust } from "./port-context.ts";
import { RedisLinks } from "./redis/redis-links.ts";
import { LocalSharedState } from "./shared-state.ts";
import { TracingRegistry } from "./tracing/tracing-registry.ts";
import { type DescriptorOptions, Descriptors } from "./transport/descriptors.ts";
import { TicketKeys } from "./transport/ticket-keys.ts";
import { AddressGuard } from "./upstream/address-guard.ts";
import { EndpointRegistry } from "./upstream/endpoint-state.ts";
import { HealthRegistry } from "./upstream/health/health-registry.ts";
import { webRequests } from "./web-requests.ts";

const unlimited: DescriptorOptions = { limit: Number.POSITIVE_INFINITY, onShort() {}, onEnough() {} };

/** What all parts of an embedded plane share, from its options and the defaults. */
export function createPlaneContext(
  options: EmbeddedPlaneOptions,
  own: Pick<PlaneContext, "signingKey" | "publicPort">,
): PlaneContext {
  const limits = limitsOf({ ...defaultLimits, ...options.limits }, defaultListenerSettings);
  const descriptors = new Descriptors(options.descriptors ?? unlimited);
  const bugs = options.telemetry.counter("gateway_internal_errors_total");
  const upstream = {
    limits,
    responseLimits: { ...defaultResponseLimits, maxHeadBytes: limits.responseHeadBytes },
    deadlines: new Deadlines(limits.tickMs),
    onBug: (error: unknown) => {
      bugs.add(1);
      options.onBug?.(error);
    },
  };
  const guard = new AddressGuard(options.allowedUpstream);
  return {
    ...upstream,
    requestLimits: defaultRequestLimits,
    contentBudget: new ContentBudget(limits.heldContentBytes),
    requests: ownRequests(upstream),
    redis: new RedisLinks(upstream.onBug),
    shared: new LocalSharedState(systemClock),
    web: webRequests(guard),
    buildFilter: options.buildFilter ?? buildProxyFilter,
    telemetry: options.telemetry,
    registry: new EndpointRegistry({ guard, descriptors }),
    descriptors,
    health: new HealthRegistry(options.random ?? Math.random),
    zone: options.zone ?? "",
    random: options.random ?? Math.random,
    trust: forwardedTrust(defaultListenerSettings),
    proxyProtocolFrom: [],
    proxyProtocol: defaultListenerSettings.proxyProtocol,
    told: undefined,
    fieldNames: undefined,
    requestId: defaultListenerSettings.requestId,
    keepalive: defaultListenerSettings.keepalive,
    tenant: options.tenant ?? { header: "", label: "tenant" },
    environment: options.environment ?? { header: "", label: "environment" },
    ticketKeys: options.ticketKeys ?? new TicketKeys(),
    forwardClientCertificate: defaultListenerSettings.forwardClientCertificate,
    ...own,
    tracing: new TracingRegistry(),
    version: options.version ?? "unknown",
  };
}
