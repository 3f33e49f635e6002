import type { RouteRow } from "../../admin/api.ts";
import { printable } from "./printable.ts";
import { renderTable } from "./table.ts";

/** The routing table for people. */
export function renderRoutes(rows: readonly RouteRow[]): string {
  return renderTable(
    ["GATEWAY", "LISTENER", "HOSTNAME", "MATCH", "ROUTE", "BACKENDS", "DOES"],
    rows.map((row) =>
      [
        row.gateway,
        `${row.listener} ${row.protocol}:${row.port}`,
        row.hostname,
        row.match,
        row.route,
        renderBackends(row),
        row.does.join("; "),
      ].map(printable),
    ),
  );
}

function renderBackends({ backends }: RouteRow): string {
  if (backends.length === 1) return backends[0]?.backend ?? "";
  return backends.map(({ backend, percent }) => `${backend} ${percent}%`).join(", ");
}
