import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { commonRouteFields } from "./object-reference.ts";
import { alphaStreamRules, streamRules } from "./stream-rule.ts";

/** Spec: UDPRouteSpec. */
export const udpRouteSpec = z.object({ ...commonRouteFields, rules: streamRules });

/** Spec: v1alpha2 UDPRouteSpec: up to 16 rules. */
export const udpRouteSpecV1alpha2 = z.object({ ...commonRouteFields, rules: alphaStreamRules });

export type UdpRouteSpec = DeepReadonly<z.output<typeof udpRouteSpec>>;
