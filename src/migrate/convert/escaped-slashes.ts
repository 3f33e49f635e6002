import { canonicalJson } from "../../base/canonical-json.ts";
import type { IngressLocation, IngressServer } from "../../ingress/ingress-model.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Workspace } from "./workspace.ts";

/** A path with what keeps requests out of it. */
export type GuardedPath = {
  readonly locations: readonly Pick<IngressLocation, "match">[];
  readonly ingress: Resource<"Ingress">;
  /** Who is let in, as fields; without any, everybody is. */
  readonly protection: JsonObject;
};

/**
 * Tells of protected paths that a request with an escaped slash gets around: to ingress-nginx `/admin%2Fx` is below `/admin`, to a
 * route it is a path of its own, which a shorter path or an expression of the host takes. One finding for each Ingress.
 */
export function tellEscapedSlashes(
  { hostname }: IngressServer,
  paths: readonly GuardedPath[],
  workspace: Workspace,
): void {
  const told = new Set<Resource<"Ingress">>();
  for (const path of paths) {
    const { ingress, protection } = path;
    if (told.has(ingress) || Object.keys(protection).length === 0) continue;
    const own = canonicalJson(protection);
    if (!paths.some((other) => canonicalJson(other.protection) !== own && takesEscaped(other, path))) continue;
    told.add(ingress);
    workspace.report(
      "convert-escaped-slash",
      { resource: ingress, pointer: "" },
      {
        message: `Paths of ${hostname || "hosts that nobody names"} are protected, and the same paths with %2F for a slash go to other rules, which are protected otherwise or not at all.`,
        fix: "Write path.escapedSlashesAction: RejectRequest in the ClientTrafficPolicies of the Gateway, unless no backend takes %2F for a slash.",
      },
    );
  }
}

/** Whether `other` may take the paths below `path` when their slashes are escaped. */
function takesEscaped(other: GuardedPath, path: GuardedPath): boolean {
  return other.locations.some(({ match: taking }) =>
    path.locations.some(
      ({ match }) =>
        taking.kind === "regex" ||
        (taking.kind === "beginning" &&
          (match.kind === "regex" || (match.value !== taking.value && match.value.startsWith(taking.value)))),
    ),
  );
}
