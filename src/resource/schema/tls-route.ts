import { z } from "zod";
import { addressFamily } from "../../base/cidr.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { commonRouteFields } from "./object-reference.ts";
import { rule } from "./rule.ts";
import { alphaStreamRules, streamRules } from "./stream-rule.ts";
import { hostname, quote } from "./text.ts";

const hostnames = listOf(hostname, { min: 1, max: 1024 }).check(
  rule((names, report) => {
    names.forEach((name, index) => {
      if (addressFamily(name) !== undefined) {
        report(
          [index],
          `is the IP address ${quote(name)}, which clients never send as a server name`,
          "Write a DNS name.",
        );
      }
    });
  }),
);

/** Spec: TLSRouteSpec. Read from v1alpha2, `hostnames` may be empty: every name that the listener takes. */
export const tlsRouteSpec = z.object({ ...commonRouteFields, hostnames, rules: streamRules });

/** Spec: v1alpha2 TLSRouteSpec: hostnames may be left out, up to 16 rules. */
export const tlsRouteSpecV1alpha2 = z.object({
  ...commonRouteFields,
  hostnames: listOf(hostname, { max: 1024 }).default([]),
  rules: alphaStreamRules,
});

export type TlsRouteSpec = DeepReadonly<z.output<typeof tlsRouteSpec>>;
