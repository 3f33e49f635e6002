import type { Inventory } from "../../migrate/inventory/inventory.ts";
import { type Cell, reportOf } from "../../migrate/inventory/render/report.ts";
import type { Paint, Tone } from "./color.ts";
import { printable } from "./printable.ts";
import { renderTable } from "./table.ts";

const tones = { plain: undefined, good: "good", warning: "warning", bad: "error" } as const satisfies Record<
  Cell["tone"],
  Tone | undefined
>;

/** Columns of long texts would make lines that no terminal shows; the other formats have all of it. */
const cellLimit = 70;

/** The inventory as tables, one below the other. */
export function renderInventory(inventory: Inventory, paint: Paint): string {
  const { figures, sections } = reportOf(inventory);
  const cell = ({ text, tone }: Cell): string => {
    const short = text.length > cellLimit ? `${text.slice(0, cellLimit - 1)}…` : text;
    const color = tones[tone];
    return color === undefined ? printable(short) : paint(color, printable(short));
  };
  const tables = sections.map(({ title, headers, rows }) => {
    const upper = headers.map((header) => header.toUpperCase());
    return `${paint("strong", title)}\n${renderTable(
      upper,
      rows.map((cells) => cells.map(cell)),
    )}`;
  });
  return [`${figures.map(({ label, value }) => `${value} ${label}`).join(", ")}\n`, ...tables].join("\n");
}
