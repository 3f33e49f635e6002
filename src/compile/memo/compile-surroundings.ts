import type { Finding } from "../../finding/finding.ts";
import type { DataPlane } from "../../infrastructure/data-plane.ts";
import { type GatewayIndex, indexGateways } from "../attach/parent-ref.ts";
import type { CompileContext } from "../contract.ts";
import { compileDataPlanes } from "../data-plane/data-plane.ts";
import { type CompiledGateway, compileGateway } from "../gateway/gateway.ts";
import { type CompiledClasses, compileGatewayClasses } from "../gateway/gateway-class.ts";
import { orphanedSets } from "../listener/listener-set.ts";
import { byName } from "../order/by-name.ts";
import type { Report } from "../report/report-table.ts";
import type { SnapshotSecrets } from "../tls/snapshot-secrets.ts";

/** What there is without routes. */
export type Surroundings = {
  /** Ours, by namespace and name. */
  readonly gateways: readonly CompiledGateway[];
  readonly index: GatewayIndex;
  readonly dataPlanes: readonly DataPlane[];
  /** Of everything but what depends on routes: the statuses of Gateways do. */
  readonly report: Report;
  /** When time alone changes it: a certificate begins or ends. Milliseconds since the epoch; Infinity: never. */
  readonly freshUntilMs: number;
};

/** Compiles classes, Gateways with their listeners and ListenerSets, and the data planes that they ask for. */
export function compileSurroundings(context: CompileContext, secrets: SnapshotSecrets): Surroundings {
  const classes = compileGatewayClasses(context);
  const { ours, findings } = compileGateways(context, classes);
  const { dataPlanes, findings: ofPlanes } = compileDataPlanes(context, ours);
  return {
    gateways: ours,
    index: indexGateways(ours),
    dataPlanes,
    report: { status: classes.status, findings: [...classes.findings, ...findings, ...ofPlanes] },
    freshUntilMs: secrets.freshUntilMs(),
  };
}

function compileGateways(
  context: CompileContext,
  classes: CompiledClasses,
): { readonly ours: readonly CompiledGateway[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = orphanedSets(context);
  const ours: CompiledGateway[] = [];
  for (const resource of [...context.snapshot.list("Gateway")].sort(byName)) {
    const answer = classes.answer(resource);
    if (answer.served === "no") {
      findings.push(...answer.findings);
      continue;
    }
    const gateway = compileGateway(context, resource, answer);
    ours.push(gateway);
    findings.push(...gateway.findings, ...gateway.listeners.flatMap((listener) => listener.findings));
    for (const set of gateway.sets) {
      findings.push(...set.findings, ...set.listeners.flatMap((listener) => listener.findings));
    }
  }
  return { ours, findings };
}
