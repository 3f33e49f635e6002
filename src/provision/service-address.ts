import { listOf, recordOf } from "../base/untrusted-json.ts";
import type { AssignedAddress } from "../infrastructure/data-plane.ts";
import { routabilities } from "../infrastructure/data-plane.ts";
import type { LiveObject } from "./managed-object.ts";
import type { ProvisionFailure } from "./provision-failure.ts";
import type { PlannedService } from "./service-plan.ts";

/** The addresses that a Service has, or why it has none. */
export type ServiceAddresses =
  | { readonly state: "assigned"; readonly addresses: readonly AssignedAddress[] }
  | {
      readonly state: "pending";
      readonly message: string;
      /** It may well come any moment: nobody needs to be told. */
      readonly isEarly: boolean;
      /** When time alone changes the answer. Milliseconds since the epoch. */
      readonly untilMs?: number;
    }
  /** The address that was asked for cannot be had. */
  | { readonly state: "unusable"; readonly message: string };

export type ServiceState = {
  readonly live: LiveObject | undefined;
  readonly failure: ProvisionFailure | undefined;
  /** What to say while there is no Service, and nothing has failed. */
  readonly missing: string;
  readonly nowMs: number;
};

/** A load balancer that has not given an asked address by then is taken not to have it. Most say so, or give it, in seconds. */
export const patienceMs = 60_000;

/** So long after a Service was made, it is nothing to tell of that it has no address yet. */
export const quietMs = 15_000;

/** Conditions of a Service by which a load balancer says that it cannot give an address. */
const refusals: readonly unknown[] = ["cilium.io/IPAMRequestSatisfied"];

/** Reads what came of a Service. An address that the load balancer gave instead of the one asked for does not count. */
export function serviceAddresses(service: PlannedService, state: ServiceState): ServiceAddresses {
  const { live, failure, missing, nowMs } = state;
  const { name, address, type } = service;
  if (live === undefined || recordOf(live.object["spec"])["type"] !== type) {
    if (failure?.kind === "invalid" && address !== undefined) {
      return { state: "unusable", message: `Address ${address} cannot be assigned. ${failure.message}` };
    }
    const message = failure?.message ?? missing;
    return { state: "pending", message, isEarly: failure === undefined };
  }
  const given = type === "LoadBalancer" ? ingressOf(live) : clusterAddressesOf(live);
  if (address !== undefined && given.length > 0) {
    const same = given.filter(({ value }) => value === address);
    if (same.length > 0) return { state: "assigned", addresses: same };
    const others = given.map(({ value }) => value).join(", ");
    return {
      state: "unusable",
      message: `Address ${address} was requested, but Service ${name} got ${others} instead.`,
    };
  }
  if (given.length > 0) return { state: "assigned", addresses: given };
  const refusal = refusalOf(live);
  const ageMs = nowMs - live.createdMs;
  const isEarly = refusal === undefined && ageMs < quietMs;
  if (address === undefined) {
    const message = `Service ${name} has no address yet${refusal === undefined ? "" : `: ${refusal}`}.`;
    return { state: "pending", message, isEarly, ...(isEarly ? { untilMs: live.createdMs + quietMs } : {}) };
  }
  if (refusal !== undefined) {
    return {
      state: "unusable",
      message: `The load balancer did not assign address ${address} to Service ${name}: ${refusal}.`,
    };
  }
  if (ageMs < patienceMs) {
    const untilMs = live.createdMs + (isEarly ? quietMs : patienceMs);
    return { state: "pending", message: `Address ${address} is requested but not assigned yet.`, isEarly, untilMs };
  }
  return {
    state: "unusable",
    message: `The load balancer has not assigned address ${address} to Service ${name} within ${patienceMs / 1000} seconds.`,
  };
}

function ingressOf({ object }: LiveObject): readonly AssignedAddress[] {
  const ingress = listOf(recordOf(recordOf(object["status"])["loadBalancer"])["ingress"]);
  return ingress.flatMap((entry): readonly AssignedAddress[] => {
    const { ip, hostname } = recordOf(entry);
    if (typeof ip === "string" && ip !== "") return [{ type: "IPAddress", value: ip }];
    if (typeof hostname !== "string" || hostname === "") return [];
    return [{ type: "Hostname", value: hostname }];
  });
}

function clusterAddressesOf({ object }: LiveObject): readonly AssignedAddress[] {
  const { clusterIP, clusterIPs } = recordOf(object["spec"]);
  const given = Array.isArray(clusterIPs) ? clusterIPs : [clusterIP];
  return given
    .filter((ip): ip is string => typeof ip === "string" && ip !== "" && ip !== "None")
    .map((value) => ({ type: "IPAddress", value, routability: routabilities.cluster }));
}

function refusalOf({ object }: LiveObject): string | undefined {
  for (const entry of listOf(recordOf(object["status"])["conditions"])) {
    const { type, status, reason, message } = recordOf(entry);
    if (!refusals.includes(type) || status !== "False") continue;
    const words = typeof message === "string" && message !== "" ? message : String(reason);
    return words.replace(/\.$/, "");
  }
  return undefined;
}
