import { z } from "zod";
import { ruleListRule } from "./http-route.ts";
import { listOf } from "./list.ts";
import { backendRef } from "./object-reference.ts";
import { sectionName } from "./text.ts";

/** Spec: TCPRouteRule, UDPRouteRule, TLSRouteRule. */
const streamRule = z.object({
  name: z.exactOptional(sectionName),
  backendRefs: listOf(backendRef, { min: 1, max: 16 }),
});

/** The one rule of a TCPRoute, UDPRoute or TLSRoute. */
export const streamRules = listOf(streamRule, { min: 1, max: 1 });

/** The alpha versions allowed several rules. */
export const alphaStreamRules = listOf(streamRule, { min: 1, max: 16 }).check(ruleListRule);
