import { apiOfFiles, capabilitiesOf, type PlaneCapabilities } from "../capability/plane-capabilities.ts";
import type { CompileResult } from "../compile/contract.ts";
import type { Finding } from "../finding/finding.ts";
import { ProvisionedPlane } from "../fleet/provisioned-plane.ts";
import type { Plane, PlaneReport } from "../ir/plane.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { EmbeddedPlane } from "../proxy/embedded-plane.ts";
import type { PlaneRows } from "../status/merge.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { RunningTelemetry } from "../telemetry/create-telemetry.ts";
import type { Logger } from "../telemetry/log.ts";
import { type FlagValues, longFlagsOf } from "./flags.ts";
import { planeOptions } from "./plane-options.ts";

/** What serves the Gateways of a controller, and what its statuses can say of that. */
export type ControllerPlane = AsyncDisposable & {
  readonly plane: Plane;
  /** A replica that does not lead serves as well, and so must have every change at once. */
  readonly servesAlways: boolean;
  readonly capabilities: PlaneCapabilities;
  /** Flags of this process that decide what the plane binds. */
  readonly flags: readonly string[];
  /** Called with every compilation before it is applied. */
  prepare(result: CompileResult): void;
  /** A report with everything that statuses follow from. */
  rows(report: PlaneReport): PlaneRows;
  findings(): readonly Finding[];
  /** This replica leads from now on, or another does. */
  lead(leads: boolean): void;
  /** Resolves when statuses can be written that say no less than they should. */
  ready(): Promise<void>;
};

export type ControllerPlaneParts = {
  readonly client: KubeClient;
  /** The controller's. */
  readonly namespace: string;
  readonly snapshot: Snapshot;
  readonly leaderAddress: () => string | undefined;
  readonly telemetry: RunningTelemetry;
  readonly log: Logger;
};

/** Opens what `--plane` asks for. Rejects as {@link ProvisionedPlane.open} does. */
export function openControllerPlane(flags: FlagValues, parts: ControllerPlaneParts): Promise<ControllerPlane> {
  return flags.plane === "embedded" ? openEmbedded(flags, parts) : openProvisioned(flags, parts);
}

async function openEmbedded(flags: FlagValues, parts: ControllerPlaneParts): Promise<ControllerPlane> {
  return {
    plane: new EmbeddedPlane({ ...(await planeOptions(flags, parts)), allowedUpstream: [] }),
    servesAlways: true,
    capabilities: capabilitiesOf("embedded", apiOfFiles),
    flags: longFlagsOf("controller"),
    prepare() {},
    rows: (report) => withPublicAddresses(report, flags),
    findings: () => [],
    lead() {},
    async ready() {},
    async [Symbol.asyncDispose]() {},
  };
}

const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** What clients are told to use: what the flags say, else what is bound unless that is any address. */
function withPublicAddresses(report: PlaneReport, { publishAddress }: FlagValues): PlaneReport {
  const addresses = Object.entries(report.addresses).map(([gateway, bound]) => {
    const own = publishAddress.length > 0 ? publishAddress : bound.filter((address) => !wildcards.includes(address));
    return [gateway, own] as const;
  });
  return { ...report, addresses: Object.fromEntries(addresses) };
}

async function openProvisioned(flags: FlagValues, parts: ControllerPlaneParts): Promise<ControllerPlane> {
  const { client, namespace, snapshot, leaderAddress, telemetry, log } = parts;
  const api = { routability: hasRoutability(snapshot) };
  const plane = await ProvisionedPlane.open({
    client,
    namespace,
    namespaces: planeNamespaces(flags, namespace),
    controllerName: flags.controllerName,
    stream: flags.stream,
    streamAddress: flags.streamAddress,
    leaderAddress,
    dataPlanes: {
      image: flags.dataPlaneImage,
      imagePullPolicy: flags.dataPlanePullPolicy,
      imagePullSecrets: flags.dataPlanePullSecrets,
      networkPolicy: flags.dataPlaneNetworkPolicy ? { metricsNamespaces: flags.metricsNamespaces } : undefined,
    },
    routability: api.routability,
    telemetry,
    log,
  });
  return {
    plane,
    servesAlways: false,
    capabilities: capabilitiesOf("provisioned", api),
    flags: [],
    prepare: ({ dataPlanes }) => plane.prepare(dataPlanes),
    rows: (report) => ({ ...report, provision: plane.provision }),
    findings: () => plane.findings,
    lead: (leads) => (leads ? plane.startLeading() : plane.stopLeading()),
    ready: () => plane.ready(),
    [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
  };
}

/** Where data planes may be: shared ones are in the controller's namespace. Empty: everywhere. */
function planeNamespaces({ dataPlaneNamespaces, watchNamespace }: FlagValues, own: string): readonly string[] {
  const named = dataPlaneNamespaces.length > 0 ? dataPlaneNamespaces : watchNamespace;
  return named.length === 0 ? [] : [...new Set([...named, own])];
}

/** Whether the installed API has `Gateway.status.addresses[].routability`: a field that it lacks would be written for ever. */
function hasRoutability(snapshot: Snapshot): boolean {
  const crd = snapshot.get("CustomResourceDefinition", undefined, "gateways.gateway.networking.k8s.io");
  const annotation = (name: string) => crd?.metadata.annotations[`gateway.networking.k8s.io/${name}`] ?? "";
  const minor = /^v1\.(\d+)\./.exec(annotation("bundle-version"))?.[1] ?? "0";
  return annotation("channel") === "experimental" && Number(minor) >= 7;
}
