import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { backendTlsValidation } from "./backend-tls-policy.ts";
import { endpointLabels } from "./map.ts";
import { secretObjectReference } from "./object-reference.ts";
import { rule } from "./rule.ts";
import { sessionPersistence } from "./session-persistence.ts";
import { portNumber, preciseHostname } from "./text.ts";

/** Spec: BackendTLS. */
const backendTls = z
  .object({
    mode: z.enum(["None", "ServerOnly", "ClientAndServer"]),
    clientCertificateRef: z.exactOptional(secretObjectReference),
    validation: z.exactOptional(backendTlsValidation),
  })
  .check(
    rule(({ mode, clientCertificateRef, validation }, report) => {
      if (mode === "ClientAndServer" && clientCertificateRef === undefined) {
        report(
          ["clientCertificateRef"],
          "is missing, but mode is ClientAndServer",
          "Add clientCertificateRef, or write `mode: ServerOnly`.",
        );
      }
      if (mode !== "ClientAndServer" && clientCertificateRef !== undefined) {
        report(
          ["clientCertificateRef"],
          `is set, but mode is ${mode}`,
          "Write `mode: ClientAndServer`, or remove clientCertificateRef.",
        );
      }
      if (mode === "None" && validation !== undefined) {
        report(["validation"], "is set, but mode is None", "Write `mode: ServerOnly`, or remove validation.");
      }
      if (mode !== "None" && validation === undefined) {
        report(
          ["validation"],
          `is missing, but mode is ${mode}`,
          "Add validation with hostname and caCertificateRefs, or write `mode: None`.",
        );
      }
    }),
  );

/** Spec: BackendSpec of the experimental XBackend (GEP-4894). */
export const xBackendSpec = z
  .object({
    type: z.enum(["ExternalHostname", "EndpointSelector"]),
    externalHostname: z.exactOptional(
      z.object({
        hostname: preciseHostname.check(
          rule((name, report) => {
            if (name.endsWith(".cluster.local")) {
              report(
                [],
                "ends with .cluster.local, which is a name inside the cluster",
                "Use `type: EndpointSelector`, or refer to the Service directly.",
              );
            }
          }),
        ),
      }),
    ),
    endpointSelector: z.exactOptional(z.object({ matchLabels: endpointLabels })),
    port: z
      .object({ number: z.exactOptional(portNumber) })
      .check(
        rule((port, report) => {
          if (port.number === undefined) report([], "is empty", "Add number.");
        }),
      )
      .meta({ minProperties: 1 }),
    protocol: z.exactOptional(z.enum(["TCP", "HTTP", "HTTP2", "HTTP11", "H2C", "MCP", "GRPC", "WSS"])),
    tls: backendTls.default({ mode: "None" }),
    sessionPersistence: z.exactOptional(sessionPersistence),
  })
  .check(
    rule((spec, report) => {
      for (const [type, field] of [
        ["ExternalHostname", "externalHostname"],
        ["EndpointSelector", "endpointSelector"],
      ] as const) {
        if (spec.type === type && spec[field] === undefined)
          report([field], `is missing, but type is ${type}`, `Add ${field}.`);
        if (spec.type !== type && spec[field] !== undefined) {
          report([field], `is set, but type is ${spec.type}`, `Write \`type: ${type}\`, or remove ${field}.`);
        }
      }
      const secured = spec.tls.mode !== "None";
      if (spec.protocol === "H2C" && secured) {
        report(
          ["protocol"],
          "is H2C, which is HTTP/2 without TLS, but tls is on",
          "Write `protocol: HTTP2`, or `tls: { mode: None }`.",
        );
      }
      if (spec.protocol === "HTTP2" && !secured) {
        report(["protocol"], "is HTTP2, which needs TLS, but tls is off", "Write `protocol: H2C`, or add tls.");
      }
      if (spec.protocol === "WSS" && !secured) {
        report(["protocol"], "is WSS, which needs TLS, but tls is off", "Add tls.");
      }
      if (spec.sessionPersistence !== undefined && spec.type !== "EndpointSelector") {
        report(["sessionPersistence"], `is set, but type is ${spec.type}`, "Remove sessionPersistence.");
      }
    }),
  );

export type XBackendSpec = DeepReadonly<z.output<typeof xBackendSpec>>;
