import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { commonRouteFields } from "./object-reference.ts";
import { alphaStreamRules, streamRules } from "./stream-rule.ts";

/** Spec: TCPRouteSpec. */
export const tcpRouteSpec = z.object({ ...commonRouteFields, rules: streamRules });

/** Spec: v1alpha2 TCPRouteSpec: up to 16 rules. */
export const tcpRouteSpecV1alpha2 = z.object({ ...commonRouteFields, rules: alphaStreamRules });

export type TcpRouteSpec = DeepReadonly<z.output<typeof tcpRouteSpec>>;
