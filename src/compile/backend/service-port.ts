import type { Cluster } from "../../ir/cluster.ts";
import type { Resource } from "../../resource/kinds.ts";

export type Service = Resource<"Service">;
export type ServicePort = NonNullable<Service["spec"]["ports"]>[number];

/** What a route, a mirror or an authorisation filter is going to send to a backend. */
export type BackendUse = "http" | "grpc" | "tls" | "tcp" | "udp";

type TlsWish = "none" | "expected" | "required";

/** How a backend is spoken to, or why it cannot be. `tls`: whether the port says that it wants TLS, or cannot do without. */
export type ProtocolChoice =
  | {
      readonly kind: "protocol";
      readonly protocol: Cluster["protocol"];
      readonly tls: TlsWish;
      /** The port wants each stream to begin with a PROXY header. */
      readonly proxyProtocol?: "v2";
    }
  | { readonly kind: "unsupported"; readonly reason: string };

/** A Service's port by its number. Numbers repeat only for different transport protocols; `use` tells which is meant. */
export function findServicePort(service: Service, number: number, use: BackendUse): ServicePort | undefined {
  const ports = (service.spec.ports ?? []).filter((port) => port.port === number);
  return ports.find((port) => (port.protocol === "UDP") === (use === "udp")) ?? ports[0];
}

/** `8080 (http)`, `9090`: the ports of a Service as messages list them. */
export function describePorts(service: Service): string {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) return "no ports";
  return ports.map((port) => (port.name ? `${port.port} (${port.name})` : String(port.port))).join(", ");
}

/**
 * appProtocol values that HTTP routes understand. KEP-3726, and the names that other gateways take. `kubernetes.io/wss` is
 * for backends with a BackendTLSPolicy alone (GEP-1911).
 */
const httpAppProtocols = {
  http: { protocol: "http1", tls: "none" },
  "kubernetes.io/http": { protocol: "http1", tls: "none" },
  "kubernetes.io/ws": { protocol: "http1", tls: "none" },
  "kubernetes.io/wss": { protocol: "http1", tls: "required" },
  https: { protocol: "http1", tls: "expected" },
  "kubernetes.io/https": { protocol: "http1", tls: "expected" },
  h2c: { protocol: "http2", tls: "none" },
  http2: { protocol: "http2", tls: "none" },
  "kubernetes.io/h2c": { protocol: "http2", tls: "none" },
  grpc: { protocol: "http2", tls: "none" },
  "kubernetes.io/grpc": { protocol: "http2", tls: "none" },
} as const satisfies Record<string, { protocol: Cluster["protocol"]; tls: TlsWish }>;

const webSocketProtocols: readonly string[] = ["kubernetes.io/ws", "kubernetes.io/wss"];

/** appProtocol of ports that want a PROXY header (v2) at the start of each stream, to know the client's address. */
export const proxyAppProtocol = "sluice.dev/proxy-v2";

/**
 * appProtocol values that say plainly that no HTTP is spoken. Connections for HTTP are shared between clients, so a PROXY
 * header would name the wrong one.
 */
const otherAppProtocols: readonly string[] = [
  proxyAppProtocol,
  "tcp",
  "udp",
  "tls",
  "mongo",
  "mysql",
  "postgres",
  "postgresql",
  "redis",
  "kafka",
  "amqp",
  "smtp",
  "ldap",
  "dns",
  "ssh",
];

/**
 * Chooses the protocol for a Service port. An appProtocol that nobody defined is taken as absent, since people invent
 * them for other tools. Spec: HTTPBackendRef, appProtocol (GEP-1911).
 */
export function chooseProtocol(port: ServicePort, use: BackendUse): ProtocolChoice {
  const transport = port.protocol ?? "TCP";
  if ((transport === "UDP") !== (use === "udp") || transport === "SCTP") {
    return { kind: "unsupported", reason: `its protocol is ${transport}` };
  }
  if (use === "udp") return { kind: "protocol", protocol: "udp", tls: "none" };
  const app = port.appProtocol?.toLowerCase();
  if (use === "tcp" || use === "tls") {
    const proxyProtocol = app === proxyAppProtocol ? ({ proxyProtocol: "v2" } as const) : {};
    return { kind: "protocol", protocol: "tcp", tls: "none", ...proxyProtocol };
  }
  if (app !== undefined && otherAppProtocols.includes(app)) {
    return { kind: "unsupported", reason: `its appProtocol is ${port.appProtocol}` };
  }
  if (use === "grpc" && app !== undefined && webSocketProtocols.includes(app)) {
    return { kind: "unsupported", reason: `its appProtocol is ${port.appProtocol}, which cannot carry gRPC` };
  }
  const known =
    app !== undefined && Object.hasOwn(httpAppProtocols, app)
      ? httpAppProtocols[app as keyof typeof httpAppProtocols]
      : undefined;
  return {
    kind: "protocol",
    protocol: use === "grpc" ? "http2" : (known?.protocol ?? "http1"),
    tls: known?.tls ?? "none",
  };
}

type XBackendProtocol = NonNullable<Resource<"XBackend">["spec"]["protocol"]>;

const xbackendProtocols = {
  TCP: "tcp",
  HTTP: "http1",
  HTTP11: "http1",
  MCP: "http1",
  WSS: "http1",
  HTTP2: "http2",
  H2C: "http2",
  GRPC: "http2",
} as const satisfies Record<XBackendProtocol, Cluster["protocol"]>;

type AppProtocol = NonNullable<Resource<"Backend">["spec"]["appProtocols"]>[number];

/** How a Backend is spoken to: HTTP/2 for gRPC and where it says h2c, else HTTP/1.1. */
export function chooseBackendProtocol(protocols: readonly AppProtocol[], use: BackendUse): Cluster["protocol"] {
  if (use === "udp") return "udp";
  if (use === "tcp" || use === "tls") return "tcp";
  return use === "grpc" || protocols.includes("gateway.envoyproxy.io/h2c") ? "http2" : "http1";
}

/** Chooses the protocol for an XBackend: its own when it has one, else the route's. Spec: BackendSpec.protocol. */
export function chooseXBackendProtocol(protocol: XBackendProtocol | undefined, use: BackendUse): ProtocolChoice {
  const own = protocol === undefined ? undefined : xbackendProtocols[protocol];
  if (use === "udp") return { kind: "unsupported", reason: "an XBackend cannot receive UDP" };
  if (use === "tcp" || use === "tls") return { kind: "protocol", protocol: "tcp", tls: "none" };
  if (own === "tcp") return { kind: "unsupported", reason: "its protocol is TCP" };
  if (use === "grpc" && own === "http1" && protocol !== "HTTP") {
    return { kind: "unsupported", reason: `its protocol is ${protocol}, which cannot carry gRPC` };
  }
  return { kind: "protocol", protocol: use === "grpc" ? "http2" : (own ?? "http1"), tls: "none" };
}
