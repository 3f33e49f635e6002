import { listOf, recordOf } from "../base/untrusted-json.ts";
import {
  type AddressRequest,
  type AssignedAddress,
  type DataPlane,
  type DataPlaneGateway,
  type GatewayProvision,
  routabilities,
} from "../infrastructure/data-plane.ts";
import { type LiveObject, type ObjectKey, objectKey } from "./managed-object.ts";
import { objectName } from "./object-name.ts";
import type { ProvisionFailure } from "./provision-failure.ts";
import { type ServiceAddresses, serviceAddresses } from "./service-address.ts";
import { isProvidable, type PlannedService, planServices } from "./service-plan.ts";

export type PlaneState = {
  readonly live: ReadonlyMap<ObjectKey, LiveObject>;
  readonly failures: ReadonlyMap<ObjectKey, ProvisionFailure>;
  readonly nowMs: number;
};

export type PlaneProvision = {
  readonly rows: readonly { readonly gateway: DataPlaneGateway; readonly provision: GatewayProvision }[];
  /** Failures but for those that rows tell of as an address that cannot be had. */
  readonly failures: readonly ProvisionFailure[];
  /** When time alone may change the answer. Milliseconds since the epoch. */
  readonly untilMs?: number;
};

/** Most addresses that a status takes. Spec: GatewayStatus.addresses, maxItems. */
const addressLimit = 16;

/** What became of each Gateway of a data plane, from what is in the cluster. Pure. */
export function planeProvision(plane: DataPlane, state: PlaneState): PlaneProvision {
  const { live, nowMs } = state;
  const failures = new Map(state.failures);
  const missing = missingService(plane, failures);
  const results = planServices(plane).map((service) => {
    const key = objectKey("Service", plane.namespace, service.name);
    const result = serviceAddresses(service, { live: live.get(key), failure: failures.get(key), missing, nowMs });
    if (result.state === "unusable") failures.delete(key);
    return { service, result };
  });
  const waiting = waitingFor(plane, { live, failures, nowMs });
  const untils = results.flatMap(({ result }) =>
    result.state === "pending" && result.untilMs !== undefined ? [result.untilMs] : [],
  );
  return {
    rows: plane.gateways.map((gateway) => ({
      gateway,
      provision: { ...addressesOf(gateway, { results, missing }), ...(waiting === undefined ? {} : { waiting }) },
    })),
    failures: [...failures.values()],
    ...(untils.length === 0 ? {} : { untilMs: Math.min(...untils) }),
  };
}

/** What is said of a Service that is not there. Of a Gateway that is not accepted, or is elsewhere, none is on its way. */
function missingService({ state }: DataPlane, failures: PlaneState["failures"]): string {
  const elsewhere = failures.values().find(({ kind }) => kind === "elsewhere");
  if (elsewhere !== undefined) return elsewhere.message;
  return state === "kept"
    ? "No Service is created for it until the Gateway is accepted."
    : "A Service for it is being created.";
}

type Results = { readonly results: readonly Result[]; readonly missing: string };

type Result = { readonly service: PlannedService; readonly result: ServiceAddresses };

function addressesOf(gateway: DataPlaneGateway, { results, missing }: Results): GatewayProvision {
  if (gateway.ports.length === 0) return { addresses: [] };
  if (gateway.addresses.length > 0) return requestedAddresses(gateway, { results, missing });
  const result = resultFor(gateway, results, undefined);
  if (result?.state === "assigned") {
    return { addresses: result.addresses.slice(0, addressLimit), assigned: { state: "all", message: "" } };
  }
  const message = result?.message ?? missing;
  return {
    addresses: [],
    assigned: { state: "none", message },
    problem: {
      reason: "AddressNotAssigned",
      message,
      isEarly: result === undefined || (result.state === "pending" && result.isEarly),
    },
  };
}

/** What came of one entry of `spec.addresses`. */
type Entry =
  | { readonly state: "assigned"; readonly address: AssignedAddress }
  | { readonly state: "pending" | "unusable"; readonly message: string; readonly isEarly: boolean };

/**
 * Each entry by itself (GEP-5093). An address of no particular reach that is asked for by value and cannot be used keeps the
 * Gateway from being programmed, whatever else it has: clients were told of that address. Other entries may fail while one
 * holds.
 */
function requestedAddresses(gateway: DataPlaneGateway, { results, missing }: Results): GatewayProvision {
  const entries = gateway.addresses.map((request, place) => ({
    request,
    entry: entryOf(request, {
      result: isProvidable(request) ? resultFor(gateway, results, place) : undefined,
      missing,
    }),
  }));
  const addresses = entries.flatMap(({ entry }) => (entry.state === "assigned" ? [entry.address] : []));
  const unassigned = entries.flatMap(({ entry }) => (entry.state === "assigned" ? [] : [entry.message]));
  const message = [...new Set(unassigned)].join(" ");
  if (unassigned.length === 0) return { addresses, assigned: { state: "all", message: "" } };
  const byValue = entries.filter(
    ({ request, entry }) =>
      entry.state !== "assigned" && request.value !== undefined && request.routability === routabilities.any,
  );
  const unusable = byValue.find(({ entry }) => entry.state === "unusable");
  const isEarly = entries.every(({ entry }) => entry.state === "assigned" || entry.isEarly);
  const problem: GatewayProvision["problem"] = unusable
    ? { reason: "AddressNotUsable", message, isEarly: false }
    : addresses.length === 0 || byValue.length > 0
      ? { reason: "AddressNotAssigned", message, isEarly }
      : undefined;
  return {
    addresses,
    assigned: { state: addresses.length === 0 ? "none" : "some", message },
    ...(problem === undefined ? {} : { problem }),
  };
}

function entryOf(
  request: AddressRequest,
  { result, missing }: { readonly result: ServiceAddresses | undefined; readonly missing: string },
): Entry {
  if (!isProvidable(request)) {
    return {
      state: "unusable",
      message: `Routability ${request.routability} is not supported.`,
      isEarly: false,
    };
  }
  if (result === undefined) return { state: "pending", message: missing, isEarly: true };
  if (result.state !== "assigned") {
    return { state: result.state, message: result.message, isEarly: result.state === "pending" && result.isEarly };
  }
  const address = result.addresses.find(({ type }) => type === "IPAddress");
  if (address === undefined) {
    const names = result.addresses.map(({ value }) => value).join(", ");
    return {
      state: "unusable",
      message: `The load balancer assigned the host name ${names}, but an IP address is requested; remove spec.addresses to use the host name.`,
      isEarly: false,
    };
  }
  const sentinel = request.routability === routabilities.sentinel;
  return { state: "assigned", address: sentinel ? { ...address, routability: request.routability } : address };
}

function resultFor(
  gateway: DataPlaneGateway,
  results: readonly Result[],
  request: number | undefined,
): ServiceAddresses | undefined {
  return results.find(({ service }) =>
    service.for.some((one) => one.gateway === gateway.key && one.request === request),
  )?.result;
}

/** What keeps the proxies from running, in the words of whoever keeps them. */
function waitingFor(plane: DataPlane, { live, failures }: PlaneState): GatewayProvision["waiting"] {
  const [failure] = failures.values();
  if (failure !== undefined) return { reason: "NoResources", message: failure.message };
  if (plane.state === "kept") return undefined;
  const name = objectName(plane);
  const title = `Deployment ${plane.namespace}/${name}`;
  const deployment = live.get(objectKey("Deployment", plane.namespace, name));
  if (deployment === undefined) return { reason: "Pending", message: `${title} is being created.` };
  const status = recordOf(deployment.object["status"]);
  for (const entry of listOf(status["conditions"])) {
    const { type, status: value, message } = recordOf(entry);
    if ((type === "ReplicaFailure" && value === "True") || (type === "Progressing" && value === "False")) {
      return { reason: "NoResources", message: `${title} cannot run its pods: ${String(message)}` };
    }
  }
  const available = Number(status["availableReplicas"] ?? 0);
  const wanted = Number(recordOf(deployment.object["spec"])["replicas"] ?? 1);
  if (available > 0) return undefined;
  return { reason: "Pending", message: `None of the ${wanted} pods of ${title} is ready yet.` };
}
