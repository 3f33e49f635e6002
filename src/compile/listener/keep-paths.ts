import type { Finding } from "../../finding/finding.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { report } from "../report/report.ts";
import type { ListenerOwner, ListenerSpec } from "./listener.ts";

/**
 * Annotation of a Gateway or ListenerSet: names of its HTTP and HTTPS listeners, with commas between them, that match and
 * forward `//`, `.` and `..` in paths as they come; `*` for all. The Gateway API has no field for it, and `tls.options` exist
 * only where TLS does.
 */
export const keepPathsAnnotation = "sluice.dev/keep-paths";

/** Whether the owner asks for it for a listener. */
export function keepsPaths(owner: ListenerOwner, { name }: Pick<ListenerSpec, "name">): boolean {
  return namesIn(owner).some((named) => named === name || named === "*");
}

/** Whether a listener of the Gateway, or of any ListenerSet, keeps segments. */
export function mayKeepPaths(
  snapshot: Snapshot,
  gateway: { readonly namespace: string; readonly name: string },
): boolean {
  const owner = snapshot.get("Gateway", gateway.namespace, gateway.name);
  return [...(owner === undefined ? [] : [owner]), ...snapshot.list("ListenerSet")].some(
    (one) => namesIn(one).length > 0,
  );
}

/** Tells of names that keep nothing: no listener has them, or one without paths. */
export function findKeepPathsMistakes(owner: ListenerOwner): readonly Finding[] {
  return namesIn(owner).flatMap((name) => {
    const listener = owner.spec.listeners.find((one) => one.name === name);
    if (name === "*" || listener?.protocol === "HTTP" || listener?.protocol === "HTTPS") return [];
    const names = owner.spec.listeners
      .filter(({ protocol }) => protocol === "HTTP" || protocol === "HTTPS")
      .map((one) => one.name);
    return [
      report(
        "keep-paths-without-listener",
        { resource: owner, pointer: `/metadata/annotations/${keepPathsAnnotation.replace("/", "~1")}` },
        {
          message:
            listener === undefined
              ? `${keepPathsAnnotation} names listener "${name}", which does not exist.`
              : `${keepPathsAnnotation} names listener "${name}", but a ${listener.protocol} listener has no paths.`,
          fix: names.length === 0 ? "Remove the annotation." : `Name ${names.join(", ")} or "*", or remove the name.`,
        },
      ),
    ];
  });
}

function namesIn({ metadata }: ListenerOwner): readonly string[] {
  return (metadata.annotations[keepPathsAnnotation] ?? "").split(/[\s,]+/).filter((name) => name !== "");
}
