/** The commands of `sluice migrate`: each is a row here, a name in `flags.ts` and a file `migrate-<name>.ts`. */
import type { CommandGroup, CommandRow } from "./command-row.ts";

export const migrateGroup: CommandGroup = {
  summary: "Move from Ingress to the Gateway API.",
  description: "Begin with `sluice migrate inventory`: it changes nothing, and tells what there is to move.",
};

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
      "Reads Ingresses as ingress-nginx does, and writes what answers the same to standard output, or to a folder for GitOps. " +
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
} as const satisfies Readonly<Record<`migrate ${string}`, CommandRow>>;
