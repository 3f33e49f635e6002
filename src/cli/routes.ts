import { routeRows } from "../admin/route-rows.ts";
import type { Command } from "./command.ts";
import { compileSnapshot } from "./compile-snapshot.ts";
import { readPaths } from "./read-paths.ts";
import { renderData } from "./render/data.ts";
import { renderRoutes } from "./render/routes.ts";

/** `sluice routes`. */
export const routes: Command = async ({ args, flags, terminal }) => {
  const { snapshot } = await readPaths(args);
  const { routing } = compileSnapshot("routes", snapshot, flags);
  const rows = routeRows(routing).filter(
    ({ namespace }) => flags.namespace === undefined || namespace === flags.namespace,
  );
  const format = flags.output ?? "table";
  if (format === "json" || format === "yaml") terminal.out(renderData(rows, format));
  else if (rows.length > 0) terminal.out(renderRoutes(rows));
  else terminal.err("No routes are in force. sluice check says why.\n");
  return 0;
};
