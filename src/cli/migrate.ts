/** The commands of `sluice migrate`: each is a row here, a name in `flags.ts` and a file `migrate-<name>.ts`. */
import type { CommandGroup, CommandRow } from "./command-row.ts";

export const migrateGroup: CommandGroup = {
  summary: "Move from Ingress to the Gateway API.",
  description: "Begin with `sluice migrate inventory`: it changes nothing, and tells what there is to move.",
};

export const migrateCommands = {
  "migrate inventory": {
    summary: "List the Ingresses of manifests: what there is to move.",
    args: "PATH...",
    description:
      "Reads Ingresses of every controller, their annotations, certificates and the controller's own settings. Each Ingress gets a " +
      "class (trivial, policies, snippets, blocked) with the reasons, and each host its place in the order of the move. Files that " +
      "cannot be parsed, such as templates, are searched for annotations.",
    formats: ["table", "json", "yaml", "csv", "markdown", "html"],
    examples: [
      { line: "sluice migrate inventory manifests/", does: "every Ingress with its class, hosts and annotations" },
      {
        line: "sluice migrate inventory manifests/ -o html > inventory.html",
        does: "one page that can be sent around",
      },
      { line: "helm template shop ./chart | sluice migrate inventory -", does: "what a chart makes" },
      {
        line: "kubectl get ingress,ingressclass,configmap -A -o yaml | sluice migrate inventory -",
        does: "the Ingresses of a cluster",
      },
    ],
    exitCodes: ["0  the inventory was printed", "2  a path cannot be read, or a flag is invalid"],
    load: async () => (await import("./migrate-inventory.ts")).migrateInventory,
  },
} as const satisfies Readonly<Record<`migrate ${string}`, CommandRow>>;
