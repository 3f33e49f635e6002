import { commandRow, flagHelp } from "../../src/cli/commands.ts";
import { commandNames, flags, flagsOf, renderUsage } from "../../src/cli/flags.ts";

/** `docs/reference/flags.md`: every command with its purpose, examples, flags and exit codes. */
export function renderFlagsReference(): string {
  const sections = commandNames.map((name) => {
    const row = commandRow(name);
    const rows = flagsOf(name).map((key) => {
      const flag = flags[key];
      const shown =
        key === "output" ? (row.formats[0] ?? "") : (flag.shownDefault ?? (flag.initial === false ? "off" : ""));
      const cells = [
        `\`${renderUsage(flag)}\``,
        shown && `\`${shown}\``,
        flagHelp(key, row.formats) + (flag.repeatable ? " May be repeated." : ""),
      ];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });
    const examples = row.examples.map(({ line, does }) => `# ${does}\n${line}`).join("\n");
    return [
      `## sluice ${name}${row.args ? ` ${row.args}` : ""}`,
      row.description ? `${row.summary}\n\n${row.description}` : row.summary,
      `| flag | default | meaning |\n| --- | --- | --- |\n${rows.join("\n")}`,
      `\`\`\`sh\n${examples}\n\`\`\``,
      `Exit codes:\n\n${row.exitCodes.map((code) => `- \`${code.slice(0, 1)}\`: ${code.slice(3)}`).join("\n")}`,
    ].join("\n\n");
  });
  const opening =
    "# Commands and flags\n\nGenerated from `src/cli/flags.ts` and `src/cli/commands.ts` by `npm run docs`.\n" +
    "`PATH` is a file, a folder (read with its subfolders) or `-` for standard input.";
  return `${[opening, ...sections].join("\n\n")}\n`;
}
