import { hkdfSync } from "node:crypto";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";

/** Keys that all proxies of one data plane must share, so that a client may come back to another of them. */
export type PlaneKeys = {
  /** Signs what session persistence gives to clients. 32 bytes. */
  readonly sessionKeyBase64: string;
  /** Of TLS session tickets, oldest first: the previous one, the present one, and the one after it. */
  readonly ticketKeys: readonly PlaneTicketKey[];
};

export type PlaneTicketKey = {
  /** 32 bytes. */
  readonly secretBase64: string;
  /** From when it is used for new tickets. Milliseconds since the epoch. */
  readonly fromMs: number;
};

/** How long a ticket key is used for new tickets. */
export const ticketKeyLifeMs = 12 * 3_600_000;

/**
 * Derives the keys of a data plane from the seed that the authority's Secret holds: every controller derives the same, and
 * nothing more has to be stored. The next ticket key is given ahead, so that proxies change to it together, also while no
 * controller answers.
 */
export function planeKeys(seed: Buffer, dataPlane: DataPlaneKey, nowMs: number): PlaneKeys {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", seed, "", `sluice ${purpose}|${dataPlane}`, 32)).toString("base64");
  const period = Math.floor(nowMs / ticketKeyLifeMs);
  return {
    sessionKeyBase64: derive("session key"),
    ticketKeys: [period - 1, period, period + 1].map((number) => ({
      secretBase64: derive(`ticket key ${number}`),
      fromMs: number * ticketKeyLifeMs,
    })),
  };
}

/** Derives the keys of data planes once for as long as they are the same. */
export class PlaneKeyRing {
  readonly #known = new Map<
    DataPlaneKey,
    { readonly seed: Buffer; readonly period: number; readonly keys: PlaneKeys }
  >();

  /** See {@link planeKeys}. */
  keys(seed: Buffer, dataPlane: DataPlaneKey, nowMs: number): PlaneKeys {
    const period = Math.floor(nowMs / ticketKeyLifeMs);
    const known = this.#known.get(dataPlane);
    if (known?.period === period && known.seed.equals(seed)) return known.keys;
    const keys = planeKeys(seed, dataPlane, nowMs);
    this.#known.set(dataPlane, { seed, period, keys });
    return keys;
  }

  /** Forgets all other data planes. */
  retain(dataPlanes: Pick<ReadonlyMap<DataPlaneKey, unknown>, "has">): void {
    for (const key of this.#known.keys()) if (!dataPlanes.has(key)) this.#known.delete(key);
  }
}
