import { z } from "zod";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { text } from "../text.ts";

/** Longest text of a Middleware that is read; Traefik has no bound. */
export const word = text({ max: 16_384 });

/** A list of texts. */
export const words = listOf(word, { max: 1024 });

/** Text by text, such as headers. */
export const wordMap = z.record(z.string(), word);

/** A whole number that may be 0. */
export const count = z.int().min(0);

/** What only Traefik itself reads. */
export const foreign = z.record(z.string(), z.unknown());

/** Go's form of a duration, or whole seconds. Spec: paerser Duration. */
export const goDuration = z.union([
  z.int().min(0),
  text({
    max: 64,
    pattern: /^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h)?)+$/,
    words: "a duration such as `10s`, `1m30s` or `500ms`, or a number of seconds",
  }),
]);

/** Where the address of a client is found. Spec: IPStrategy. */
export const ipStrategy = z.object({
  depth: optional(z.int(), "Takes the address at this place of X-Forwarded-For, counted from the right."),
  excludedIPs: optional(words, "Takes the first address of X-Forwarded-For, from the right, that is not one of these."),
  ipv6Subnet: optional(z.int().min(1).max(128), "Counts IPv6 addresses that share so many bits as one."),
});

/** What tells clients apart. Spec: SourceCriterion. */
export const sourceCriterion = z.object({
  ipStrategy: optional(ipStrategy, "By address."),
  requestHeaderName: optional(word, "By a header."),
  requestHost: optional(z.boolean(), "By the host that is asked for."),
});

/** How a server of Traefik's own requests is trusted. Spec: ClientTLS. */
export const clientTls = z.object({
  caSecret: optional(word, "Secret with the authority under tls.ca or ca.crt."),
  certSecret: optional(word, "Secret with the certificate that is shown."),
  insecureSkipVerify: optional(z.boolean(), "Trusts any certificate."),
  caOptional: optional(z.boolean(), "Of earlier releases."),
});

/** A Service that a Middleware asks. Spec: Service of Traefik's CRDs. */
export const middlewareService = z.object({
  kind: optional(word, "Service, or a kind of Traefik's own."),
  name: optional(word, "Name of the Service."),
  namespace: optional(word, "Namespace of the Service."),
  port: optional(z.union([z.int(), word]), "Port of the Service, by number or name."),
  scheme: optional(word, "Scheme of the requests to it."),
  passHostHeader: optional(z.boolean(), "Keeps the host that the client asked for."),
  weight: optional(count, "Of a weighted service."),
  strategy: optional(word, "Load balancing."),
  sticky: optional(foreign, "Sessions."),
  serversTransport: optional(word, "Settings of connections."),
  responseForwarding: optional(foreign, "Flushing."),
  healthCheck: optional(foreign, "Health checks."),
  passiveHealthCheck: optional(foreign, "Health by answers."),
  nativeLB: optional(z.boolean(), "Goes to the Service's own address."),
  nodePortLB: optional(z.boolean(), "Goes to the ports of nodes."),
  middlewares: optional(listOf(foreign), "Middlewares of its own."),
});
