import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { grpcRouteFilters } from "./http-filter.ts";
import { ruleListRule } from "./http-route.ts";
import { listOf, mapBy } from "./list.ts";
import { backendRefFields, commonRouteFields, portRule } from "./object-reference.ts";
import { rule } from "./rule.ts";
import { sessionPersistence } from "./session-persistence.ts";
import { headerName, hostname, quote, sectionName, text } from "./text.ts";

const matchType = z.enum(["Exact", "RegularExpression"]).default("Exact");

/** Spec: GRPCMethodMatch. */
const methodMatch = z
  .object({
    type: matchType,
    service: z.exactOptional(text({ max: 1024 })),
    method: z.exactOptional(text({ max: 1024 })),
  })
  .check(
    rule(({ type, service, method }, report) => {
      if (service === undefined && method === undefined) {
        report(
          [],
          "has neither service nor method",
          "Add service, method or both, or remove the method match to match every call.",
        );
      }
      if (type !== "Exact") return;
      if (service !== undefined && !/^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i.test(service)) {
        report(
          ["service"],
          `must be a full service name such as \`shop.v1.Cart\`, but it is ${quote(service)}`,
          "Write package and service with dots between, without slashes, or `type: RegularExpression`.",
        );
      }
      if (method !== undefined && !/^[A-Za-z_][A-Za-z_0-9]*$/.test(method)) {
        report(
          ["method"],
          `must be a method name such as \`AddItem\`, but it is ${quote(method)}`,
          "Write the method name alone, or `type: RegularExpression`.",
        );
      }
    }),
  );

/** Spec: GRPCHeaderMatch. */
const headerMatch = z.object({ type: matchType, name: headerName, value: text({ min: 1, max: 4096 }) });

/** Spec: GRPCRouteRule. */
const grpcRouteRule = z.object({
  name: z.exactOptional(sectionName),
  matches: z.exactOptional(
    listOf(
      z.object({
        method: z.exactOptional(methodMatch),
        headers: z.exactOptional(mapBy(headerMatch, ["name"], { max: 16 })),
      }),
      { max: 64 },
    ),
  ),
  filters: z.exactOptional(grpcRouteFilters),
  backendRefs: z.exactOptional(
    listOf(z.object({ ...backendRefFields, filters: z.exactOptional(grpcRouteFilters) }).check(portRule), { max: 16 }),
  ),
  sessionPersistence: z.exactOptional(sessionPersistence),
});

/** Spec: GRPCRouteSpec. */
export const grpcRouteSpec = z.object({
  ...commonRouteFields,
  hostnames: z.exactOptional(listOf(hostname, { max: 16 })),
  rules: z.exactOptional(listOf(grpcRouteRule, { max: 16 }).check(ruleListRule)),
});

export type GrpcRouteSpec = DeepReadonly<z.output<typeof grpcRouteSpec>>;
