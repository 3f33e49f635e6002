import { UsageError } from "../base/usage-error.ts";
import type { Inventory } from "../migrate/inventory/inventory.ts";
import { renderCsv } from "../migrate/inventory/render/csv.ts";
import { renderHtml } from "../migrate/inventory/render/html.ts";
import { renderMarkdown } from "../migrate/inventory/render/markdown.ts";
import { type InventoryInput, takeInventory } from "../migrate/inventory/take-inventory.ts";
import { readObjects } from "../source/folder/read-objects.ts";
import { openClusterClient } from "./cluster-client.ts";
import { readCluster } from "./cluster-objects.ts";
import type { Command, CommandInput, Terminal } from "./command.ts";
import type { OutputFormat } from "./flag-values.ts";
import { unreadableMessage } from "./read-paths.ts";
import { paintFor } from "./render/color.ts";
import { renderData } from "./render/data.ts";
import { renderInventory } from "./render/inventory.ts";

/** `sluice migrate inventory`. Reads, and changes nothing. */
export const migrateInventory: Command = async (input) => {
  const { flags, terminal } = input;
  const nowMs = Date.now();
  const read = await readInput(input);
  const { namespace } = flags;
  const inventory = takeInventory({ ...read, nowMs, namespace });
  terminal.out(render(inventory, { format: flags.output ?? "table", terminal, nowMs }));
  return 0;
};

type ReadInput = Pick<InventoryInput, "objects" | "documents" | "findings">;

async function readInput({ args, flags, terminal }: CommandInput): Promise<ReadInput> {
  if (args.length > 0) {
    const files = await readObjects(args, { stdin: process.stdin });
    if (files.unreadable) throw new UsageError(unreadableMessage(files.findings));
    return files;
  }
  await using cluster = await openClusterClient(flags, "sluice-migrate");
  const { objects, forbidden } = await readCluster(cluster.client);
  if (forbidden.length > 0) terminal.err(`sluice: you may not list ${forbidden.join(", ")}: nothing is said of them\n`);
  return { objects: objects.map((raw) => ({ raw, origin: undefined })), documents: [], findings: [] };
}

type Rendering = { readonly format: OutputFormat; readonly terminal: Terminal; readonly nowMs: number };

function render(inventory: Inventory, { format, terminal, nowMs }: Rendering): string {
  switch (format) {
    case "json":
    case "yaml":
      return renderData(inventory, format);
    case "csv":
      return renderCsv(inventory);
    case "markdown":
      return renderMarkdown(inventory);
    case "html":
      return renderHtml(inventory, new Date(nowMs).toISOString().slice(0, 10));
    default:
      return renderInventory(inventory, paintFor(terminal));
  }
}
