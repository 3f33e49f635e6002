import type { Snapshot } from "../../store/snapshot.ts";
import type { CompileOptions } from "../compile-options.ts";
import type { CompileContext } from "../contract.ts";
import { draftListeners, gatewayGroup } from "../listener/listener.ts";
import { setsOf } from "../listener/listener-set.ts";
import { byName, compareText } from "../order/by-name.ts";
import { isReferenceGranted } from "../reference/grant.ts";
import { certificateRefs } from "../tls/listener-tls.ts";
import { createSecretReader } from "../tls/snapshot-secrets.ts";
import { compileGatewayClasses } from "./gateway-class.ts";

/** A Secret that listeners want and the snapshot lacks. `hostnames` is empty when no listener has one: any will do. */
export type MissingCertificate = {
  readonly namespace: string;
  readonly name: string;
  readonly hostnames: readonly string[];
};

/**
 * The Secrets to make for `--self-signed` before compiling: one for each certificateRef that may be followed and leads
 * nowhere, and a stand-in for each TLS listener without any. Sorted by namespace and name.
 */
export function missingCertificates(snapshot: Snapshot, options: CompileOptions): readonly MissingCertificate[] {
  const context: CompileContext = {
    snapshot,
    options: { ...options, selfSigned: true },
    secrets: createSecretReader(snapshot, options),
  };
  const classes = compileGatewayClasses(context);
  const wanted = new Map<string, { namespace: string; name: string; hostnames: Set<string> }>();
  for (const gateway of [...snapshot.list("Gateway")].sort(byName)) {
    if (classes.answer(gateway).served !== "yes") continue;
    const sets = setsOf(context, gateway).filter(({ allowed }) => allowed);
    for (const owner of [gateway, ...sets.map(({ set }) => set)]) {
      for (const draft of draftListeners(context, owner)) {
        const terminates =
          draft.protocol === "HTTPS" || (draft.protocol === "TLS" && draft.spec.tls?.mode !== "Passthrough");
        if (!terminates) continue;
        for (const ref of certificateRefs(context, draft)) {
          const home = owner.metadata.namespace;
          const namespace = ref.namespace ?? home;
          if (ref.group !== "" || ref.kind !== "Secret" || snapshot.get("Secret", namespace, ref.name)) continue;
          const from = { group: gatewayGroup, kind: owner.kind, namespace: home };
          if (!isReferenceGranted(snapshot, from, { group: "", kind: "Secret", namespace, name: ref.name })) continue;
          const key = `${namespace}/${ref.name}`;
          const row = wanted.get(key) ?? { namespace, name: ref.name, hostnames: new Set<string>() };
          if (draft.hostname !== "") row.hostnames.add(draft.hostname);
          wanted.set(key, row);
        }
      }
    }
  }
  return [...wanted.values()]
    .map(({ namespace, name, hostnames }) => ({ namespace, name, hostnames: [...hostnames].sort(compareText) }))
    .sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
}
