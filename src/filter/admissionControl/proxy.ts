import { sameJson } from "../../base/same-json.ts";
import type { BuildFilter, FilterOfKind } from "../contract/build.ts";
import { onOutcome, onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import { SuccessWindow } from "./success-window.ts";

type AdmissionControl = FilterOfKind<"admissionControl">;

/** What is known of requests, for as long as the settings stay. */
type Carried = { readonly filter: AdmissionControl; readonly window: SuccessWindow };

/** Kept of a request that was let in: what comes of it counts. */
const admitted = Symbol("admitted");

/**
 * Refuses requests with 503, the more of them the fewer of those that were let in went well, so that a backend in trouble gets
 * time. Refused ones do not count. Spec: BackendTrafficPolicy.admissionControl; the formula is Envoy's (and that of "Handling
 * Overload" in Google's SRE book).
 */
export const buildAdmissionControl: BuildFilter<"admissionControl", Carried> = (filter, services, previous) => {
  const { clock, random } = services;
  const carried =
    previous !== undefined && sameJson(previous.filter, filter)
      ? previous
      : { filter, window: new SuccessWindow(filter.windowMs) };
  const { window } = carried;
  const { kind, namespace, name } = services.from;
  const refused = services.telemetry.counter("gateway_admission_refusals_total", kind, namespace, name);
  const statuses = new Set(filter.successStatuses);
  const grpcCodes = new Set(filter.successGrpcCodes);
  return {
    hooks: [
      onRequest((_request, exchange) => {
        window.advance(clock.monotonicMs());
        if (random() < refusalShare(filter, window)) {
          refused.add(1);
          return problem(503, "AC", "Too many requests to the backend fail.");
        }
        exchange.state = admitted;
        return undefined;
      }),
      onOutcome(({ status, grpcStatus }, { state }) => {
        if (state !== admitted) return;
        const success =
          grpcStatus >= 0 ? grpcCodes.has(grpcStatus) : statuses.size === 0 ? status < 500 : statuses.has(status);
        window.add(success, clock.monotonicMs());
      }),
    ],
    claimedTrailers: [],
    carried,
  };
};

/** The share of requests to refuse. 0 to 1. */
export function refusalShare(
  filter: Pick<
    AdmissionControl,
    "minSuccessPercent" | "aggression" | "minRequestRate" | "maxRefusalPercent" | "windowMs"
  >,
  { requests, successes }: Pick<SuccessWindow, "requests" | "successes">,
): number {
  if (requests < (filter.minRequestRate * filter.windowMs) / 1_000) return 0;
  const needed = (successes * 100) / filter.minSuccessPercent;
  const share = Math.max(0, (requests - needed) / (requests + 1)) ** (1 / filter.aggression);
  return Math.min(share, filter.maxRefusalPercent / 100);
}
