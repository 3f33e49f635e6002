import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listenerRequestFilter } from "./http-filter.ts";
import { labelSelector } from "./label-selector.ts";
import { listOf, mapBy } from "./list.ts";
import { options } from "./map.ts";
import { gatewayGroup, secretObjectReference } from "./object-reference.ts";
import { repeated, rule } from "./rule.ts";
import { group, hostname, kindName, portNumber, sectionName, text } from "./text.ts";

/** Spec: ListenerTLSConfig. */
const listenerTls = z
  .object({
    mode: z.enum(["Terminate", "Passthrough"]).default("Terminate"),
    certificateRefs: z.exactOptional(listOf(secretObjectReference, { max: 64 })),
    options: z.exactOptional(options),
  })
  .check(
    rule((tls, report) => {
      const settings = Object.keys(tls.options ?? {}).length + (tls.certificateRefs ?? []).length;
      if (tls.mode === "Terminate" && settings === 0) {
        report(
          ["certificateRefs"],
          "is missing, but a listener that terminates TLS needs a certificate",
          "Add `certificateRefs: [{ name: <TLS Secret> }]`, or write `mode: Passthrough`.",
        );
      }
    }),
  );

/** Spec: ListenerNamespaces and RouteNamespaces differ in the values of `from` alone. */
const routeNamespaces = z.object({
  from: z.enum(["All", "Selector", "Same"]).default("Same"),
  selector: z.exactOptional(labelSelector),
});

/** Spec: AllowedRoutes. */
const allowedRoutes = z.object({
  namespaces: routeNamespaces.default({ from: "Same" }),
  kinds: z.exactOptional(listOf(z.object({ group: group.default(gatewayGroup), kind: kindName }), { max: 8 })),
});

/** Spec: ListenerEntry, and Listener, which has the same fields. */
const listenerEntry = z.object({
  name: sectionName,
  hostname: z.exactOptional(hostname),
  port: portNumber,
  protocol: text({
    min: 1,
    max: 255,
    pattern:
      /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/,
    words: "a protocol: HTTP, HTTPS, TLS, TCP, UDP, or a prefixed name such as `example.com/bar`",
  }),
  tls: z.exactOptional(listenerTls),
  allowedRoutes: allowedRoutes.default({ namespaces: { from: "Same" } }),
  filters: z.exactOptional(z.object({ requests: z.exactOptional(listOf(listenerRequestFilter, { max: 16 })) })),
});

/** Spec: GatewaySpec.listeners, ListenerSetSpec.listeners. */
export const listeners = mapBy(listenerEntry, ["name"], { min: 1, max: 64 }).check(
  rule((list, report) => {
    list.forEach((listener, index) => {
      const { protocol, tls } = listener;
      if (tls !== undefined && (protocol === "HTTP" || protocol === "TCP" || protocol === "UDP")) {
        report(
          [index, "tls"],
          `is set on a ${protocol} listener`,
          protocol === "HTTP" ? "Write `protocol: HTTPS`, or remove tls." : "Remove tls.",
        );
      }
      if (protocol === "HTTPS" && tls !== undefined && tls.mode !== "Terminate") {
        report(
          [index, "tls", "mode"],
          `is ${tls.mode} on an HTTPS listener, which always terminates TLS`,
          "Write `mode: Terminate`, or `protocol: TLS` and a TLSRoute to pass TLS through.",
        );
      }
      if (protocol === "TLS" && tls === undefined) {
        report(
          [index, "tls"],
          "is missing, but a TLS listener needs a mode",
          "Add `tls: { mode: Passthrough }`, or mode Terminate with certificateRefs.",
        );
      }
      if (listener.hostname !== undefined && (protocol === "TCP" || protocol === "UDP")) {
        report([index, "hostname"], `is set on a ${protocol} listener, which has no host names`, "Remove hostname.");
      }
    });
    for (const { index, first } of repeated(list, ({ port, protocol, hostname }) =>
      JSON.stringify([port, protocol, hostname ?? null]),
    )) {
      const at = list[index];
      report(
        [index],
        `has the same port, protocol and hostname as the listener ${list[first]?.name}`,
        `Give ${at?.name} another port or hostname, or remove it.`,
      );
    }
  }),
);

/** The definition of ListenerSet lacks this rule; there, the compiler says so of the one listener. */
export const gatewayListeners = listeners.check(
  rule((list, report) => {
    for (const [index, { filters, protocol }] of list.entries()) {
      if (filters === undefined || protocol === "HTTP" || protocol === "HTTPS") continue;
      report(
        [index, "filters"],
        `is set on a ${protocol} listener; only HTTP and HTTPS listeners have filters`,
        "Remove filters.",
      );
    }
  }),
);

export type Listener = DeepReadonly<z.output<typeof listenerEntry>>;
