import { installOptionRows, type OptionRow, optionNames } from "./options.ts";
import { permissions, type RbacScope } from "./rbac.ts";

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
  const lines = permissions.map(({ scope, group, resources, verbs, why }) => {
    const names = resources.map((name) => `\`${name}\``).join(", ");
    return `| ${scopeWords[scope]} | ${group === "" ? "core" : group} | ${names} | ${verbs.join(", ")} | ${why} |`;
  });
  return ["| where | group | resources | verbs | what for |", "| --- | --- | --- | --- | --- |", ...lines, ""].join(
    "\n",
  );
}

const scopeWords: Readonly<Record<RbacScope, string>> = {
  cluster: "cluster",
  watched: "watched namespaces",
  planes: "watched namespaces, with `plane: provisioned`",
  shared: "controller's namespace, with `plane: provisioned` and `watchNamespaces`",
  own: "controller's namespace",
  default: "namespace `default`",
};

const shown = (value: unknown): string => `\`${typeof value === "string" ? value || '""' : JSON.stringify(value)}\``;
