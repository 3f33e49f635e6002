import { z } from "zod";
import { addressFamily } from "../../../base/cidr.ts";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { atMostOne, cel, exactlyOne, excludes, withRules } from "../agreed-rules.ts";
import { listOf } from "../list.ts";
import { localObjectReference, secretObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { rule } from "../rule.ts";
import { portNumber, preciseHostname, quote, text } from "../text.ts";
import { tlsRules, tlsSettings } from "./tls-settings.ts";

const address = text({ min: 3, max: 45 })
  .check(
    rule((value, report) => {
      // As the API server judges: an IPv4 address in the form of IPv6 is none.
      if (addressFamily(value) === undefined || /^::ffff:[0-9.]+$/i.test(value))
        report([], `must be an IP address, but it is ${quote(value)}`, "Write an IPv4 or IPv6 address, or use fqdn.");
    }, "invalid"),
  )
  .meta(cel("isIP(self)", "must be an IP address"));

const endpoint = withRules(
  z.object({
    hostname: optional(preciseHostname, "Host header of requests to it, where the route does not set one."),
    fqdn: optional(
      z.object({ hostname: preciseHostname.describe("The name."), port: portNumber.describe("The port.") }),
      "A name of the DNS.",
    ),
    ip: optional(
      z.object({ address: address.describe("The address."), port: portNumber.describe("The port.") }),
      "An IP address.",
    ),
    unix: optional(z.object({ path: text({ min: 1, max: 108 }).describe("Path of the socket.") }), "A Unix socket."),
    zone: optional(text({ min: 1, max: 253 }), "Zone of the endpoint."),
  }),
  exactlyOne("fqdn", "ip", "unix"),
);

const tls = withRules(
  z.object({
    ...tlsSettings,
    caCertificateRefs: optional(
      listOf(localObjectReference, { max: 8 }),
      "Authorities of the backend's certificate: ConfigMaps or Secrets with ca.crt.",
    ),
    wellKnownCACertificates: optional(
      text({ max: 253 }),
      "A well-known set of authorities: System, those of the gateway's system.",
    ),
    insecureSkipVerify: z.boolean().default(false).describe("Does not verify the backend's certificate."),
    clientCertificateRef: optional(secretObjectReference, "Secret with the certificate to show to the backend."),
    sni: optional(preciseHostname, "Name of the backend for SNI and for the verification."),
    autoSNIFromEndpointHostname: optional(z.boolean(), "Takes the hostname of the endpoint for it."),
  }),
  atMostOne("caCertificateRefs", "wellKnownCACertificates"),
  excludes("insecureSkipVerify", "caCertificateRefs", "wellKnownCACertificates"),
  excludes("autoSNIFromEndpointHostname", "sni"),
  ...tlsRules,
);

/** Endpoints outside of the cluster, or anything that a Service cannot name. Spec: BackendSpec of Envoy Gateway. */
export const backendSpec = withRules(
  z.object({
    type: z
      .enum(["Endpoints", "DynamicResolver"])
      .default("Endpoints")
      .describe("DynamicResolver: the endpoint is the host of the request."),
    endpoints: optional(listOf(endpoint, { min: 1, max: 64 }), "The endpoints."),
    appProtocols: optional(
      listOf(z.enum(["gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"]), {
        max: 3,
      }),
      "Protocol of the endpoints. Default: HTTP/1.1.",
    ),
    fallback: optional(z.boolean(), "Gets requests only when others are not healthy."),
    tls: optional(tls, "TLS with the endpoints."),
  }),
  {
    judge: ({ type, endpoints }, report) => {
      if (type === "DynamicResolver" && endpoints !== undefined)
        report(["endpoints"], "is set, but type is DynamicResolver", "Remove endpoints, or write type Endpoints.");
    },
    cel: {
      rule: "self.type != 'DynamicResolver' || !has(self.endpoints)",
      message: "endpoints do not go with type DynamicResolver",
    },
  },
  {
    judge: ({ endpoints }, report) => {
      const all = (endpoints ?? []) as readonly { readonly fqdn?: unknown }[];
      const first = all[0];
      const other = all.findIndex(({ fqdn }) => (fqdn === undefined) !== (first?.fqdn === undefined));
      if (other > 0)
        report(
          ["endpoints", other],
          "mixes names of the DNS with other endpoints",
          "Move one kind to another Backend.",
        );
    },
    cel: {
      rule: "!has(self.endpoints) || self.endpoints.all(one, has(one.fqdn)) || !self.endpoints.exists(one, has(one.fqdn))",
      message: "names of the DNS must not be mixed with other endpoints",
    },
  },
);

export type BackendSpec = DeepReadonly<z.output<typeof backendSpec>>;
