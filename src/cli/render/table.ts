import stringWidth from "string-width";

/**
 * Rows under headers in columns, as `kubectl get` prints them: three spaces between columns, nothing after the last
 * cell of a line. `""` cells are shown as `-`. Cells may be coloured; width is what a terminal shows.
 */
export function renderTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headers, ...rows.map((row) => headers.map((_header, index) => row[index] || "-"))];
  const widths = headers.map((_header, index) => Math.max(...lines.map((line) => stringWidth(line[index] ?? ""))));
  const renderLine = (line: readonly string[]) =>
    line
      .map((cell, index) =>
        index === line.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - stringWidth(cell)),
      )
      .join("   ");
  return `${lines.map(renderLine).join("\n")}\n`;
}
