import { FractionChoice } from "../../base/fraction-choice.ts";
import type { BuildFilter } from "../contract/build.ts";
import { onOutcome, onRequest, type RequestStreamHook } from "../contract/hook.ts";
import { copyAs } from "./copy-as.ts";
import { MirrorCopy } from "./mirror-copy.ts";
import type { MirrorTarget } from "./mirror-target.ts";

/**
 * Sends copies of requests, or of a share of them, to another backend. Without one (the reference did not resolve) nothing is
 * mirrored. Spec: HTTPRequestMirrorFilter.
 */
export const buildRequestMirror: BuildFilter<"requestMirror", FractionChoice> = (filter, services, previous) => {
  const choice = new FractionChoice(filter.fraction);
  // Frequent changes must not starve a small share.
  if (previous !== undefined) choice.resumeFrom(previous);
  const cluster = filter.cluster === undefined ? undefined : services.cluster(filter.cluster);
  if (cluster === undefined) return { hooks: [], claimedTrailers: [], carried: choice };
  const { as } = filter;
  const { from, telemetry } = services;
  const labels = [from.kind, from.namespace, from.name, cluster.cluster.name] as const;
  const counter = (result: string) => telemetry.counter("gateway_http_mirrored_requests_total", ...labels, result);
  const target: MirrorTarget = {
    cluster,
    services,
    counters: { sent: counter("sent"), failed: counter("failed"), dropped: counter("dropped") },
    inFlight: 0,
  };
  return {
    hooks: [
      onRequest((request, exchange) => {
        if (!choice.next()) return undefined;
        if (request.upgrade || target.inFlight >= services.limits.mirrorsInFlight) target.counters.dropped.add(1);
        else {
          const head = as === undefined ? request.copyHead() : copyAs(as, request, exchange);
          exchange.state = new MirrorCopy(target, head, {
            client: exchange.facts.client,
            content: as?.content ?? true,
          });
        }
        return undefined;
      }),
      follow,
      onOutcome((_outcome, { state }) => {
        if (state instanceof MirrorCopy) state.onRequestOver();
      }),
    ],
    claimedTrailers: [],
    carried: choice,
  };
};

const follow: RequestStreamHook = {
  phase: "requestStream",
  start: (_request, { state }) => (state instanceof MirrorCopy && state.begin() ? "see" : "pass"),
  onContent: (bytes, { exchange }) => (exchange.state as MirrorCopy).onContent(bytes),
  onEnd: ({ exchange }) => (exchange.state as MirrorCopy).send(),
  cancel: () => {},
};
