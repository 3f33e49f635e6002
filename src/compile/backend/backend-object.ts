import type { Finding } from "../../finding/finding.ts";
import type { Cluster, UpstreamTls } from "../../ir/cluster.ts";
import type { Endpoint } from "../../ir/endpoint-table.ts";
import { dotted } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { unservedFields } from "../../served/unserved-fields.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { CompileContext } from "../contract.ts";
import { compileTlsValidation } from "../policy/tls-validation.ts";
import { groupOf, nameOf, refOf, report } from "../report/report.ts";
import { readTlsSettings } from "../tls/tls-settings.ts";
import { readClientCertificate } from "./client-certificate.ts";

export type Backend = Resource<"Backend">;

/** Group of the kind of the same name whose objects are read as ours. */
const twinGroup = "gateway.envoyproxy.io";
/** Before the endpoints' key of an object of that group; no namespace has capitals. */
const twinPrefix = `Backend.${twinGroup}/`;
const ownPrefix = "Backend/";

/** What is made of a Backend, whoever refers to it. `usable` is false when requests to it must not be sent. */
export type CompiledBackend = {
  readonly usable: boolean;
  readonly tls: UpstreamTls | undefined;
  readonly findings: readonly Finding[];
};

/** Checks a Backend and compiles its TLS. Spec: BackendSpec of Envoy Gateway. */
export function compileBackendObject(context: CompileContext, backend: Backend): CompiledBackend {
  const findings: Finding[] = unservedFields("Backend", backend.spec).map(({ pointer, path, reason }) =>
    report(
      "backend-field-unserved",
      { resource: backend, pointer },
      { message: `${dotted(path)} is set. ${reason}`, fix: `Remove ${dotted(path)}.` },
    ),
  );
  const { type, endpoints = [], appProtocols = [], tls: settings } = backend.spec;
  const refuse = (pointer: string, message: string, fix: string): void => {
    findings.push(report("backend-object-invalid", { resource: backend, pointer }, { message, fix }));
  };
  if (type === "DynamicResolver") {
    refuse(
      "/spec/type",
      "type is DynamicResolver: a client would name the server that the gateway connects to.",
      "List the endpoints, with type Endpoints.",
    );
  } else if (endpoints.length === 0)
    refuse("/spec/endpoints", "The Backend has no endpoints.", "Add an endpoint with ip or fqdn.");
  endpoints.forEach(({ unix }, index) => {
    if (unix === undefined) return;
    refuse(
      `/spec/endpoints/${index}/unix`,
      `Endpoint ${index} is the Unix socket ${unix.path}, which is on the gateway's own machine.`,
      "Let the server listen on an address, and write ip or fqdn.",
    );
  });
  if (appProtocols.includes("gateway.envoyproxy.io/wss") && settings === undefined)
    refuse("/spec/appProtocols", "appProtocols asks for wss, but the Backend has no tls.", "Add tls, or write ws.");
  const tls = settings === undefined ? undefined : compileTls(context, backend, { settings, findings });
  return { usable: !findings.some(isBlocking) && (settings === undefined || tls !== undefined), tls, findings };
}

function isBlocking({ name }: Finding): boolean {
  return name === "backend-object-invalid";
}

type Settings = NonNullable<Backend["spec"]["tls"]>;

function compileTls(
  context: CompileContext,
  backend: Backend,
  { settings, findings }: { readonly settings: Settings; readonly findings: Finding[] },
): UpstreamTls | undefined {
  const { caCertificateRefs, wellKnownCACertificates, insecureSkipVerify, clientCertificateRef } = settings;
  const before = findings.length;
  const fail = (field: string, message: string, fix: string): undefined => {
    findings.push(
      report("backend-object-invalid", { resource: backend, pointer: `/spec/tls${field}` }, { message, fix }),
    );
  };
  const handshakes = readTlsSettings(settings, (field, problem, fix) => {
    fail(field, `tls${field.replace(/\/(\d+)$/, "[$1]").replace("/", ".")} ${problem}.`, fix);
  });
  const hostname = serverName(backend);
  const clientCertificate = readClientCertificate(context, backend, {
    ref: clientCertificateRef,
    pointer: "/spec/tls/clientCertificateRef",
    findings,
  });
  if (clientCertificateRef !== undefined && clientCertificate === undefined) return undefined;
  const extra = {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(Object.keys(handshakes).length === 0 ? {} : { handshakes }),
  };
  if (insecureSkipVerify) {
    findings.push(
      report(
        "backend-unverified",
        { resource: backend, pointer: "/spec/tls/insecureSkipVerify" },
        {
          message: `Whoever answers at the endpoints of ${nameOf(refOf(backend))} is taken for the backend.`,
          fix: "Name its authorities in caCertificateRefs, or write `wellKnownCACertificates: System`.",
        },
      ),
    );
    return { hostname: hostname ?? "", ca: [], subjectAltNames: [], verification: "none", ...extra };
  }
  if (hostname === undefined)
    return fail(
      "",
      "The endpoints have no one name to verify the backend by.",
      "Write sni: the name in the backend's certificate.",
    );
  if (caCertificateRefs === undefined && wellKnownCACertificates === undefined)
    return fail(
      "",
      "tls names no authorities, so the backend cannot be verified.",
      "Name them in caCertificateRefs, or write `wellKnownCACertificates: System`.",
    );
  const validation = {
    hostname,
    ...(caCertificateRefs === undefined ? {} : { caCertificateRefs }),
    ...(wellKnownCACertificates === undefined ? {} : { wellKnownCACertificates }),
  };
  const verified = compileTlsValidation(context, backend, { validation: validation as never, pointer: "/spec/tls" });
  findings.push(...verified.findings);
  if (verified.tls === undefined || findings.slice(before).some(isBlocking)) return undefined;
  return { ...verified.tls, ...extra };
}

/** The name for SNI and for the verification: what is written, or the one that all endpoints have. */
function serverName({ spec: { tls, endpoints = [] } }: Backend): string | undefined {
  if (tls?.sni !== undefined) return tls.sni;
  const names = new Set(endpoints.map(({ hostname, fqdn }) => hostname ?? fqdn?.hostname));
  const [only] = names;
  return names.size === 1 ? only : undefined;
}

/** Names the row of a Backend's endpoints. */
export function backendEndpointsKey(backend: Backend): string {
  const { namespace, name } = backend.metadata;
  const prefix = groupOf(backend.apiVersion) === twinGroup ? twinPrefix : ownPrefix;
  return `${prefix}${namespace}/${name}`;
}

/** The endpoints of a cluster that is made of a Backend; empty when that is gone. */
export function backendEndpoints(
  snapshot: Snapshot,
  { endpoints, namespace, name }: Pick<Cluster, "endpoints" | "namespace" | "name">,
): readonly Endpoint[] {
  const group = endpoints.startsWith(twinPrefix) ? twinGroup : undefined;
  const backend = snapshot.get("Backend", namespace, name, group);
  return (backend?.spec.endpoints ?? []).flatMap(({ ip, fqdn, zone }) => {
    const address = ip?.address ?? fqdn?.hostname;
    const port = ip?.port ?? fqdn?.port;
    if (address === undefined || port === undefined) return [];
    return [{ address, port, ...(zone === undefined ? {} : { zone }) }];
  });
}
