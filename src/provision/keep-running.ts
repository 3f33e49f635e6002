import type { DataPlane, DataPlaneKey } from "../infrastructure/data-plane.ts";

/**
 * What is wanted now, with what runs left as it was wherever that is not known: a data plane that is `kept` keeps its settings,
 * and a Gateway of which a GatewayConfig is missing stays on the shared data plane that it was on. `before`: the last answer.
 * Pure; the same list when there is nothing to keep.
 */
export function keepRunning(planes: readonly DataPlane[], before: readonly DataPlane[]): readonly DataPlane[] {
  if (planes.every(({ state }) => state === "wanted")) return planes;
  const known = new Map(before.map((plane) => [plane.key, plane]));
  const kept = new Map<DataPlaneKey, DataPlane>();
  const strays: DataPlane[] = [];
  for (const plane of planes) {
    if (plane.state === "kept" && plane.mode === "own" && sharedBefore(plane, before)) strays.push(plane);
    else if (plane.state === "wanted") kept.set(plane.key, plane);
    else kept.set(plane.key, { ...plane, settings: known.get(plane.key)?.settings ?? plane.settings });
  }
  for (const stray of strays) {
    const shared = sharedBefore(stray, before) as DataPlane;
    const home = kept.get(shared.key) ?? { ...shared, state: "kept", gateways: [] };
    const gateways = [...home.gateways, ...stray.gateways].sort(byKey);
    kept.set(shared.key, { ...home, gateways });
  }
  return [...kept.values()].sort(byKey);
}

/** The shared data plane that this very Gateway, of this class, was on. */
function sharedBefore({ gateways, title }: DataPlane, before: readonly DataPlane[]): DataPlane | undefined {
  const uid = gateways[0]?.uid;
  return before.find(
    (plane) =>
      plane.mode === "shared" &&
      plane.title.className === title.className &&
      uid !== undefined &&
      plane.gateways.some((gateway) => gateway.uid === uid),
  );
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}
