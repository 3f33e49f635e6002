import { installOptionRows, type OptionRow, optionNames } from "../../src/install/options.ts";
import { permissions, type RbacScope } from "../../src/install/rbac.ts";

/** The part `options` of `docs/install.md`: the table of options. */
export function renderInstallOptions(): string {
  const rows: Readonly<Record<string, OptionRow<unknown>>> = installOptionRows("this release");
  const lines = optionNames.map((name) => {
    const { initial, chartInitial, helmBuiltin, help } = rows[name]!;
    const chart =
      helmBuiltin !== undefined
        ? " (Helm: `--namespace`)"
        : chartInitial === undefined
          ? ""
          : ` (chart: ${shown(chartInitial)})`;
    return `| \`${name}\` | ${shown(initial)}${chart} | ${help} |`;
  });
  return ["| option | default | description |", "| --- | --- | --- |", ...lines, ""].join("\n");
}

/** The part `permissions` of `docs/install.md`: the table of permissions. */
export function renderPermissions(): string {
  const quoted = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(", ");
  const lines = permissions.map(({ scope, group, resources, names, onlyWith, verbs, why }) => {
    const where = `${scopeWords[scope]}${onlyWith === undefined ? "" : ` and \`${onlyWith}\``}`;
    const what = `${quoted(resources)}${names === undefined ? "" : ` named ${quoted(names)}`}`;
    return `| ${where} | ${group === "" ? "core" : group} | ${what} | ${verbs.join(", ")} | ${why} |`;
  });
  return ["| where | group | resources | verbs | reason |", "| --- | --- | --- | --- | --- |", ...lines, ""].join("\n");
}

const scopeWords: Readonly<Record<RbacScope, string>> = {
  cluster: "cluster",
  watched: "watched namespaces",
  planes: "watched namespaces, with `plane: provisioned` and without `dataPlaneNamespaces`",
  shared:
    "`dataPlaneNamespaces`, and the controller's namespace if these or `watchNamespaces` are set, with `plane: provisioned`",
  own: "controller's namespace",
  default: "namespace `default`",
};

const shown = (value: unknown): string => `\`${typeof value === "string" ? value || '""' : JSON.stringify(value)}\``;
