import type { Command } from "./command.ts";
import { readPaths } from "./read-paths.ts";
import { renderData } from "./render/data.ts";
import { printable } from "./render/printable.ts";
import { renderTable } from "./render/table.ts";

/** `sluice migrate inventory`. */
export const migrateInventory: Command = async ({ args, flags, terminal }) => {
  const { snapshot } = await readPaths(args);
  const ingresses = snapshot.list("Ingress").map(({ metadata }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    annotations: Object.keys(metadata.annotations ?? {}),
  }));
  const format = flags.output ?? "table";
  if (format === "json" || format === "yaml") terminal.out(renderData({ ingresses }, format));
  else {
    const rows = ingresses.map(({ namespace, name, annotations }) => [
      printable(namespace),
      printable(name),
      String(annotations.length),
    ]);
    terminal.out(renderTable(["NAMESPACE", "NAME", "ANNOTATIONS"], rows));
  }
  return 0;
};
