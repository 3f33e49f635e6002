import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding } from "../../finding/finding.ts";
import { installationAnnotation } from "../../resource/installation-annotation.ts";
import { kinds } from "../../resource/kinds.ts";
import type { ClaimState } from "./installation-claim.ts";

/** About an installation that leaves its controllerName to another; nothing while it does not. */
export function standingByFindings(
  state: ClaimState,
  { controllerName, installation }: { readonly controllerName: string; readonly installation: string },
): readonly Finding[] {
  if (state.kind !== "another") return [];
  const { className, installation: other } = state;
  return [
    makeFinding("installation-standing-by", {
      object: { kind: "GatewayClass", group: kinds.GatewayClass.group, name: className },
      message: `The Sluice in namespace ${other} serves controllerName ${controllerName}; the Sluice in namespace ${installation} has the same controllerName and stands by.`,
      fix: `Give one of them a different controllerName and GatewayClass, or uninstall one. To hand over: kubectl annotate gatewayclass ${className} --overwrite ${installationAnnotation}=${installation}`,
    }),
  ];
}
