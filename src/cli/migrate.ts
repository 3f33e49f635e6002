/** The commands of `sluice migrate`: each is a row here, a name in `flags.ts` and a file `migrate-<name>.ts`. */
import type { CommandGroup, CommandRow } from "./command-row.ts";

export const migrateGroup: CommandGroup = {
  summary: "Move from Ingress to the Gateway API.",
  description: "Begin with `sluice migrate inventory`: it changes nothing, and tells what there is to move.",
};

const moveExitCodes: readonly string[] = [
  "0  done, or shown",
  "1  a check failed, or the step is not possible: nothing was changed",
  "2  a path, the state or the cluster cannot be read, the API server refused a change, or a flag is invalid",
];

export const migrateCommands = {
  "migrate inventory": {
    summary: "List the Ingresses of manifests: what there is to move.",
    args: "[PATH...]",
    description:
      "Without PATH, reads the cluster of the current kubeconfig context, and changes nothing there. Reads Ingresses of every controller, their annotations, certificates and the controller's own settings. Each Ingress gets a " +
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
      { line: "sluice migrate inventory --context production", does: "what a cluster has" },
    ],
    exitCodes: ["0  the inventory was printed", "2  a path or the cluster cannot be read, or a flag is invalid"],
    load: async () => (await import("./migrate-inventory.ts")).migrateInventory,
  },
  "migrate verify": {
    summary: "Compare what two configurations answer, request by request.",
    args: "OLD NEW",
    description:
      "Both sides are Ingresses or objects of the Gateway API. From both it derives the requests that could tell them apart (hosts, " +
      "paths and their variations, methods, headers, cookies, client addresses, http and https), and compares what each side does " +
      "with them: which backend gets them and what it sees, redirects, headers, authentication, limits, timeouts. Where the " +
      "settings alone do not tell, the requests are sent to both, in this process. Nothing is sent anywhere else, unless --live " +
      "names two gateways that run. Services and Secrets that the files do not have are taken to be there.",
    formats: ["table", "json", "yaml"],
    examples: [
      {
        line: "sluice migrate verify ingresses/ gateway/",
        does: "name every difference, with a request that shows it",
      },
      {
        line: "sluice migrate verify ingresses/ gateway/ --accept path-case --accept hsts@shop.example.com",
        does: "fail on other differences only",
      },
      {
        line: "sluice migrate verify ingresses/ gateway/ --live http://192.0.2.1 --live http://192.0.2.2",
        does: "send the requests to a running ingress-nginx and to its successor",
      },
    ],
    exitCodes: [
      "0  both answer alike, but for what is accepted",
      "1  there are differences",
      "2  a path cannot be read or has nothing to serve, or a flag is invalid",
    ],
    load: async () => (await import("./migrate-verify.ts")).migrateVerify,
  },
  "migrate convert": {
    summary: "Write Ingresses as Gateways, routes and policies.",
    args: "PATH...",
    description:
      "Reads Ingresses as ingress-nginx does, and IngressRoutes of Traefik, and writes what answers the same to standard output, or to a folder for GitOps. " +
      "Every setting that is lost, differs or is left to do by hand is named. What protects something and cannot be " +
      "converted answers errors rather than letting requests pass. Run again, it changes only what it wrote itself.",
    formats: ["yaml", "json"],
    examples: [
      { line: "sluice migrate convert ingresses/ --to gateways/", does: "one folder for each namespace, to commit" },
      { line: "helm template shop charts/shop | sluice migrate convert -", does: "the Ingresses of a chart" },
      {
        line: "kubectl get ingress,ingressclass,configmap,service,secret -A -o yaml | sluice migrate convert - --to gateways/",
        does: "the Ingresses of a cluster, with what they refer to",
      },
      {
        line: "sluice migrate convert ingresses/ --policies envoy-gateway --gateway-layout namespace",
        does: "for Envoy Gateway, with a Gateway in each namespace",
      },
    ],
    exitCodes: [
      "0  converted; warnings name what is lost or left to do",
      "1  something could not be converted, and --accept-loss is not given",
      "2  a path cannot be read or written, or a flag is invalid",
    ],
    load: async () => (await import("./migrate-convert.ts")).migrateConvert,
  },
  "migrate plan": {
    summary: "Show the next step of each host on its way from Ingress to a Gateway.",
    args: "PATH...",
    description:
      "PATH has the Ingresses and what `sluice migrate convert` made of them. A host goes from ingress over sideBySide, mirror and " +
      "percentage to cutOver, and to cleanedUp 48 hours later; mirror and percentage may be left out. Each step has checks before it " +
      "and a way back. Nothing is changed.",
    formats: ["table", "json", "yaml"],
    examples: [
      {
        line: "sluice migrate plan ingresses/ converted/",
        does: "every host with its next step, and whether it is ready",
      },
      {
        line: "sluice migrate plan converted/ --cluster --old-address 203.0.113.7 --new-address 203.0.113.8",
        does: "with the Ingresses of the cluster; answers, certificates and DNS are looked at",
      },
    ],
    exitCodes: moveExitCodes.slice(0, 1).concat(moveExitCodes.slice(2)),
    load: async () => (await import("./move/show-move.ts")).plan,
  },
  "migrate apply": {
    summary: "Take a host one step on: side by side, mirror, a share of the requests.",
    args: "PATH...",
    description:
      "Looks at what the step needs first, and does nothing if a check fails. Without --cluster, writes a file to apply and prints the " +
      "commands.",
    formats: [],
    examples: [
      {
        line: "sluice migrate apply ingresses/ converted/ --host shop.example.com --dry-run",
        does: "see what would be done",
      },
      {
        line: "sluice migrate apply converted/ --cluster --host shop.example.com --stage percentage --weight 10",
        does: "let the Gateway serve a tenth of the requests",
      },
    ],
    exitCodes: moveExitCodes,
    load: async () => (await import("./move/take-step.ts")).takeStep("apply"),
  },
  "migrate status": {
    summary: "Show the stage of each host.",
    args: "PATH...",
    formats: ["table", "json", "yaml"],
    examples: [{ line: "sluice migrate status ingresses/ converted/", does: "where each host is, and since when" }],
    exitCodes: moveExitCodes.slice(0, 1).concat(moveExitCodes.slice(2)),
    load: async () => (await import("./move/show-move.ts")).moveStatus,
  },
  "migrate cutover": {
    summary: "Let the Gateway serve a host alone.",
    args: "PATH...",
    description:
      "The Ingress stays for 48 hours, as the way back. Point the host's DNS to the Gateway, unless external-dns does.",
    formats: [],
    examples: [
      {
        line: "sluice migrate cutover converted/ --cluster --host shop.example.com --new-address 203.0.113.8",
        does: "after a look at the certificate",
      },
    ],
    exitCodes: moveExitCodes,
    load: async () => (await import("./move/take-step.ts")).takeStep("cutover"),
  },
  "migrate rollback": {
    summary: "Take a host back to where the Ingress controller serves it.",
    args: "PATH...",
    description:
      "Looks at nothing first. From a share of the requests and from the cut-over it leads to sideBySide; --stage leads further.",
    formats: [],
    examples: [
      { line: "sluice migrate rollback converted/ --cluster --host shop.example.com", does: "one stage back" },
      {
        line: "sluice migrate rollback converted/ --cluster --host shop.example.com --stage ingress",
        does: "all the way",
      },
    ],
    exitCodes: moveExitCodes,
    load: async () => (await import("./move/take-step.ts")).rollBack,
  },
  "migrate cleanup": {
    summary: "Remove the Ingress of a host that was cut over 48 hours ago.",
    args: "PATH...",
    formats: [],
    examples: [
      {
        line: "sluice migrate cleanup converted/ --cluster --host shop.example.com --dry-run",
        does: "see what would go",
      },
    ],
    exitCodes: moveExitCodes,
    load: async () => (await import("./move/take-step.ts")).takeStep("cleanup"),
  },
} as const satisfies Readonly<Record<`migrate ${string}`, CommandRow>>;
