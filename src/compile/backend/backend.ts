/** The one way from a reference to a backend to a cluster: routes, mirrors and authorisation filters all come here. */
import type { FindingName } from "../../finding/catalogue.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import { kindOf, kinds } from "../../resource/kinds.ts";
import { resolveObject } from "../../store/resolve-object.ts";
import { isAddress } from "../hostname-patterns.ts";
import { findBackendTls } from "../policy/backend-tls.ts";
import { findBackendTraffic } from "../policy/backend-traffic.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { byFlag } from "../report/by-flag.ts";
import { type FindingText, groupOf, refOf, sourceOf } from "../report/report.ts";
import { addCluster, type ClusterParts, endpointsKey, withClientCertificate } from "./add-cluster.ts";
import { backendEndpointsKey, compileBackendObject } from "./backend-object.ts";
import { type BackendScope, reportIn } from "./backend-scope.ts";
import { loadBalancingOf } from "./load-balancing.ts";
import { describeMissing } from "./missing-backend.ts";
import {
  type BackendUse,
  chooseBackendProtocol,
  chooseProtocol,
  chooseXBackendProtocol,
  describePorts,
  findServicePort,
  type Service,
  type ServicePort,
} from "./service-port.ts";
import { compileSessionPersistence } from "./session-persistence.ts";
import { compileXBackendTls, experimentalGroup } from "./xbackend.ts";

/** A reference to a backend, defaults applied. Spec: BackendObjectReference. */
export type BackendRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
};

/** Where the reference stands in the referring object, and what is going to be sent. */
export type BackendPlace = { readonly pointer: string; readonly use: BackendUse };

/** The cluster of a backend, or why there is none. The finding has been made. */
export type BackendAnswer =
  | { readonly kind: "cluster"; readonly cluster: ClusterKey }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Resolves a reference: kind, permission, existence, port, protocol, TLS. The cluster is added to the scope; what is wrong
 * becomes a finding with the specification's reason. Spec: HTTPBackendRef.
 */
export function resolveBackend(scope: BackendScope, ref: BackendRef, place: BackendPlace): BackendAnswer {
  const namespace = ref.namespace ?? scope.referrer.metadata.namespace;
  const kind = kindOf(ref.group, ref.kind);
  if (kind !== "Service" && kind !== "XBackend" && kind !== "Backend") {
    const group = ref.group === "" ? "" : ` (group ${ref.group})`;
    const slip = groupSlip(ref, ["/Service", `${experimentalGroup}/XBackend`, `${kinds.Backend.group}/Backend`]);
    return refuse(scope, place, "backend-kind-unsupported", {
      field: "/kind",
      reason: "kind of backend not supported",
      message: `${ref.kind}${group} ${namespace}/${ref.name} is not a supported kind of backend${slip === undefined ? "" : `: ${slip.reason}`}.`,
      fix: slip?.fix ?? "Refer to a Service: remove group and kind, and set name and port.",
    });
  }
  scope.backends.add(`${ref.kind}/${namespace}/${ref.name}`);
  const permission = explainGrant(
    scope.context.snapshot,
    {
      group: groupOf(scope.referrer.apiVersion),
      kind: scope.referrer.kind,
      namespace: scope.referrer.metadata.namespace,
    },
    { group: ref.group, kind: ref.kind, namespace, name: ref.name },
  );
  if (permission.answer !== "granted") {
    return refuse(scope, place, "backend-ref-not-permitted", {
      field: "/namespace",
      reason: "reference not permitted",
      message: `${scope.referrer.kind} ${scope.referrer.metadata.namespace}/${scope.referrer.metadata.name} is not permitted to refer to ${ref.kind} ${namespace}/${ref.name}: ${permission.detail}.`,
      fix: permission.fix,
      ...(permission.answer === "tooNarrow" ? { related: [permission.grant] } : {}),
    });
  }
  const placed = { ...ref, namespace };
  switch (kind) {
    case "Service":
      return resolveService(scope, placed, place);
    case "XBackend":
      return resolveXBackend(scope, placed, place);
    case "Backend":
      return resolveBackendObject(scope, placed, place);
  }
}

type PlacedRef = BackendRef & { readonly namespace: string };

function resolveService(scope: BackendScope, ref: PlacedRef, place: BackendPlace): BackendAnswer {
  const { snapshot, options } = scope.context;
  const service = snapshot.get("Service", ref.namespace, ref.name);
  const label = `Service ${ref.namespace}/${ref.name}`;
  if (service === undefined) {
    return options.stubBackends
      ? stubService(scope, ref, place)
      : refuseMissing(scope, { ...ref, kind: "Service" }, place);
  }
  if (service.spec.type === "ExternalName" && !options.allowExternalName) {
    return refuse(scope, place, "backend-external-name", {
      field: "/name",
      reason: "Service of type ExternalName",
      message: `${label} is of type ExternalName, which is not allowed.`,
      fix: `Refer to an XBackend with \`type: ExternalHostname\`${byFlag(options, "--allow-external-name", ", or start with --allow-external-name if you trust everyone who can write Services")}.`,
    });
  }
  if (service.spec.type === "ExternalName" && service.spec.ports === undefined) {
    return addServiceCluster(scope, { ref, service, port: { port: ref.port ?? 0, protocol: "TCP" } }, place);
  }
  const port = findServicePort(service, ref.port ?? 0, place.use);
  return port === undefined
    ? refusePort(scope, { ref, service }, place)
    : addServiceCluster(scope, { ref, service, port }, place);
}

function addServiceCluster(
  scope: BackendScope,
  found: { readonly ref: PlacedRef; readonly service: Service; readonly port: ServicePort },
  place: BackendPlace,
): BackendAnswer {
  const { ref, service, port } = found;
  const label = `port ${port.port} of Service ${ref.namespace}/${ref.name}`;
  const choice = chooseProtocol(port, place.use);
  if (choice.kind === "unsupported") {
    return refuse(scope, place, "backend-protocol-unsupported", {
      field: "/port",
      reason: `protocol not supported: ${choice.reason}`,
      message: `${capitalise(label)} cannot be used here: ${choice.reason}.`,
      fix: "Refer to a port that suits this kind of route, or correct the Service's protocol or appProtocol.",
    });
  }
  // TLS routes pass bytes through or end TLS at the listener; TCP and UDP have no place for it.
  const securable = place.use === "http" || place.use === "grpc" || place.use === "tls";
  const answer = securable ? findBackendTls(scope.context, ref, port.name) : undefined;
  if (answer !== undefined && answer.tls === undefined) {
    const { namespace, name } = answer.policy.metadata;
    return refuse(scope, place, "backend-tls-invalid", {
      field: "",
      reason: `BackendTLSPolicy ${namespace}/${name} is invalid`,
      message: `BackendTLSPolicy ${namespace}/${name} requires TLS for ${label}, but is not valid.`,
      fix: `Correct BackendTLSPolicy ${namespace}/${name}; its own finding has the reason.`,
      related: [{ kind: "BackendTLSPolicy", group: "gateway.networking.k8s.io", namespace, name }],
    });
  }
  const policyFix = `Create a BackendTLSPolicy in namespace "${ref.namespace}" for Service ${ref.name} with validation.hostname and caCertificateRefs.`;
  if (choice.tls === "required" && answer === undefined) {
    return refuse(scope, place, "backend-protocol-unsupported", {
      field: "/port",
      reason: "appProtocol requires a BackendTLSPolicy",
      message: `${capitalise(label)} has appProtocol ${port.appProtocol}, which requires TLS, but no BackendTLSPolicy applies to it.`,
      fix: policyFix,
    });
  }
  if (choice.tls === "expected" && answer === undefined) {
    reportIn(scope, "backend-https-without-policy", {
      pointer: place.pointer,
      message: `${capitalise(label)} has appProtocol ${port.appProtocol}, but no BackendTLSPolicy applies to it: requests are sent in cleartext.`,
      fix: policyFix,
    });
  }
  const index = (service.spec.ports ?? []).indexOf(port);
  return made(scope, {
    from: sourceOf(service, index < 0 ? "/spec" : `/spec/ports/${index}`),
    endpoints: endpointsKey(ref.namespace, ref.name, port.port),
    port: port.port,
    protocol: choice.protocol,
    proxyProtocol: choice.proxyProtocol,
    tls: answer?.tls === undefined ? undefined : withClientCertificate(scope, answer.tls),
    tlsName: answer === undefined ? undefined : `${answer.policy.metadata.namespace}/${answer.policy.metadata.name}`,
    traffic: { loadBalancing: loadBalancingOf(service), ...findBackendTraffic(scope.context, ref) },
  });
}

/** A missing Service as if it existed with that port; its endpoints are whoever stands in. */
function stubService(scope: BackendScope, ref: PlacedRef, place: BackendPlace): BackendAnswer {
  const choice = chooseProtocol({ port: ref.port ?? 0, protocol: place.use === "udp" ? "UDP" : "TCP" }, place.use);
  return made(scope, {
    from: { kind: "Service", namespace: ref.namespace, name: ref.name, pointer: "" },
    endpoints: endpointsKey(ref.namespace, ref.name, ref.port ?? 0),
    port: ref.port ?? 0,
    protocol: choice.kind === "protocol" ? choice.protocol : "http1",
    tls: undefined,
    tlsName: undefined,
    traffic: {},
  });
}

function resolveXBackend(scope: BackendScope, ref: PlacedRef, place: BackendPlace): BackendAnswer {
  const backend = scope.context.snapshot.get("XBackend", ref.namespace, ref.name);
  if (backend === undefined) return refuseMissing(scope, { ...ref, kind: "XBackend" }, place);
  const label = `XBackend ${ref.namespace}/${ref.name}`;
  const hostname = backend.spec.externalHostname?.hostname ?? "";
  if (isAddress(hostname)) {
    return refuse(scope, place, "backend-hostname-address", {
      field: "/name",
      reason: "external hostname is an IP address",
      message: `${label} has the external hostname ${hostname}, which is an IP address.`,
      fix: "Write a DNS name, or refer to a Service without a selector whose EndpointSlice has the address.",
    });
  }
  const choice = chooseXBackendProtocol(backend.spec.protocol, place.use);
  if (choice.kind === "unsupported") {
    return refuse(scope, place, "backend-protocol-unsupported", {
      field: "/name",
      reason: `protocol not supported: ${choice.reason}`,
      message: `${label} cannot be used here: ${choice.reason}.`,
      fix: `Change spec.protocol of ${label}, or refer to another backend.`,
    });
  }
  const { usable, tls } = compileXBackendTls(scope.context, backend);
  if (!usable) {
    return refuse(scope, place, "backend-tls-invalid", {
      field: "",
      reason: `TLS of ${label} is invalid`,
      message: `${label} requires TLS, which cannot be set up.`,
      fix: `Correct spec.tls of ${label}; its own finding has the reason.`,
      related: [{ kind: "XBackend", group: experimentalGroup, namespace: ref.namespace, name: ref.name }],
    });
  }
  const port = backend.spec.port.number ?? 0;
  const traffic = findBackendTraffic(scope.context, ref);
  const own = backend.spec.sessionPersistence;
  return made(scope, {
    from: sourceOf(backend, "/spec"),
    endpoints: `XBackend/${endpointsKey(ref.namespace, ref.name, port)}`,
    port,
    protocol: choice.protocol,
    tls: tls === undefined ? undefined : withClientCertificate(scope, tls),
    tlsName: tls === undefined ? undefined : "own",
    traffic:
      own === undefined
        ? traffic
        : { ...traffic, sessionPersistence: compileSessionPersistence(own, `XBackend/${ref.namespace}/${ref.name}`) },
  });
}

function resolveBackendObject(scope: BackendScope, ref: PlacedRef, place: BackendPlace): BackendAnswer {
  const { context } = scope;
  const backend = resolveObject(context.snapshot, "Backend", ref);
  if (backend === undefined) return refuseMissing(scope, { ...ref, kind: "Backend" }, place);
  const label = `Backend ${ref.namespace}/${ref.name}`;
  const { usable, tls } = compileBackendObject(context, backend);
  if (!usable) {
    return refuse(scope, place, "backend-object-unusable", {
      field: "/name",
      reason: `${label} is not accepted`,
      message: `${label} cannot be used.`,
      fix: `Correct ${label}; its own finding has the reason.`,
      related: [refOf(backend)],
    });
  }
  const [first] = backend.spec.endpoints ?? [];
  const securable = place.use === "http" || place.use === "grpc" || place.use === "tls";
  const secured = securable ? tls : undefined;
  return made(scope, {
    from: sourceOf(backend, "/spec"),
    endpoints: backendEndpointsKey(backend),
    port: first?.ip?.port ?? first?.fqdn?.port ?? 0,
    protocol: chooseBackendProtocol(backend.spec.appProtocols ?? [], place.use),
    tls: secured === undefined ? undefined : withClientCertificate(scope, secured),
    tlsName: secured === undefined ? undefined : "own",
    traffic: {},
  });
}

function made(scope: BackendScope, parts: ClusterParts): BackendAnswer {
  return { kind: "cluster", cluster: addCluster(scope, parts) };
}

function refuse(
  scope: BackendScope,
  place: BackendPlace,
  name: FindingName,
  why: FindingText & { readonly field: string; readonly reason: string },
): BackendAnswer {
  const { field, reason, ...text } = why;
  reportIn(scope, name, { ...text, pointer: `${place.pointer}${field}` });
  return { kind: "invalid", reason };
}

function refuseMissing(
  scope: BackendScope,
  ref: { readonly kind: "Service" | "XBackend" | "Backend"; readonly namespace: string; readonly name: string },
  place: BackendPlace,
): BackendAnswer {
  return refuse(scope, place, "backend-not-found", {
    field: "/name",
    reason: `${ref.kind} ${ref.namespace}/${ref.name} does not exist`,
    ...describeMissing(scope.context.snapshot, ref),
  });
}

function refusePort(
  scope: BackendScope,
  found: { readonly ref: PlacedRef; readonly service: Service },
  place: BackendPlace,
): BackendAnswer {
  const { ref, service } = found;
  const ports = service.spec.ports ?? [];
  const byTarget = ports.find((port) => port.targetPort === ref.port);
  const only = ports.length === 1 ? ports[0] : undefined;
  const meant = byTarget ?? only;
  const hint =
    byTarget === undefined ? "" : ` ${ref.port} is the container's port, the targetPort of port ${byTarget.port}.`;
  return refuse(scope, place, "backend-port-not-found", {
    field: "/port",
    reason: `Service ${ref.namespace}/${ref.name} has no port ${ref.port}`,
    message: `Service ${ref.namespace}/${ref.name} has no port ${ref.port}; it has ${describePorts(service)}.${hint}`,
    fix: meant === undefined ? "Write the number of one of the Service's ports." : `Write \`port: ${meant.port}\`.`,
  });
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
