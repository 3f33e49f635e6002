import type { ObjectRef } from "../finding/finding.ts";
import { withoutSecrets } from "../resource/secret-fields.ts";
import type { CompiledStatus } from "../status/condition.ts";
import { mergeStatus } from "../status/merge.ts";
import { renderObjectWithStatus } from "../status/render-status.ts";
import { objectOf } from "../store/resolve-object.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Command } from "./command.ts";
import { compileSnapshot } from "./compile-snapshot.ts";
import { readPaths } from "./read-paths.ts";
import { paintFor } from "./render/color.ts";
import { renderData } from "./render/data.ts";
import { renderStatus } from "./render/status.ts";

/** `sluice status`. Nothing is bound, so whether listeners are programmed stays unknown. */
export const status: Command = async ({ args, flags, terminal }) => {
  const { snapshot } = await readPaths(args);
  const nowMs = Date.now();
  const merged = mergeStatus(compileSnapshot("status", snapshot, flags).status, undefined, undefined, nowMs);
  const shown = merged.filter(({ ref }) => flags.namespace === undefined || ref.namespace === flags.namespace);
  const format = flags.output ?? "table";
  if (format === "json" || format === "yaml") {
    terminal.out(renderData(objectList(shown, snapshot, flags.controllerName), format));
  } else {
    const resourceOf = (ref: ObjectRef) => objectOf(snapshot, ref);
    terminal.out(renderStatus({ status: shown, resourceOf, nowMs, paint: paintFor(terminal) }));
  }
  return 0;
};

/** A List as `kubectl get -o yaml` prints it, without what may be a secret; defaults are written out, as the API server does. */
function objectList(statuses: CompiledStatus, snapshot: Snapshot, controllerName: string): unknown {
  const items = statuses.flatMap((own) => {
    const resource = objectOf(snapshot, own.ref);
    return resource ? [withoutSecrets(renderObjectWithStatus(resource, own, controllerName))] : [];
  });
  return { apiVersion: "v1", kind: "List", items };
}
