/** What each command is for, as help, documentation and completion tell it. Flags are in `flags.ts`. */
import type { CommandGroup, CommandRow } from "./command-row.ts";
import { type CommandName, type FlagName, flags, type GroupName } from "./flags.ts";
import { migrateCommands, migrateGroup } from "./migrate.ts";

const readable = "2  a path cannot be read, or a flag is invalid";

export const commands = {
  run: {
    summary: "Serve the Gateways in files and folders.",
    args: "PATH...",
    description:
      "Reads Kubernetes manifests, binds the listeners of their Gateways and serves their routes. Changes to the files take " +
      "effect without dropping a request. Errors are printed, and everything else is served. SIGHUP reloads the files and " +
      "reopens the access log. SIGTERM and SIGINT drain and stop; a second signal stops at once.",
    formats: [],
    examples: [
      {
        line: "sluice run manifests/ --map-port 80:8080 --map-port 443:8443",
        does: "serve a folder without being root",
      },
      {
        line: "sluice run cluster.yaml --adopt-classes --stub-backends --self-signed --map-port 80:8080",
        does: "try manifests that were written for a cluster",
      },
      { line: "kustomize build . | sluice run -", does: "read from standard input" },
    ],
    exitCodes: ["0  drained and stopped after SIGTERM or SIGINT", "1  no listener could be bound", readable],
    load: async () => (await import("./run.ts")).run,
  },
  controller: {
    summary: "Serve the Gateways of a Kubernetes cluster.",
    args: "",
    description:
      "Watches the Gateway API resources of a cluster, writes their statuses and creates a data plane for each Gateway: a " +
      "Deployment of `sluice proxy` behind a Service. One replica leads; if it fails, another takes over within 15 seconds. " +
      "With --plane embedded, this process serves the Gateways itself. SIGTERM and SIGINT drain and stop; a second " +
      "signal stops at once.",
    formats: [],
    examples: [
      { line: "sluice controller", does: "in a pod, with its service account" },
      {
        line: "sluice controller --plane embedded --bind '*' --publish-address 203.0.113.7",
        does: "everything in one process, with the current kubeconfig context",
      },
    ],
    exitCodes: [
      "0  drained and stopped after SIGTERM or SIGINT",
      "1  the API server refused a request or did not answer within --start-seconds",
      "2  there is no cluster to connect to, or a flag is wrong",
    ],
    load: async () => (await import("./controller.ts")).controller,
  },
  proxy: {
    summary: "Run a proxy of a data plane that a controller configures.",
    args: "",
    description:
      "The pods of data planes run this. The controller sends the configuration over a stream with mutual TLS. While no " +
      "controller answers, the proxy serves the last configuration, with --state-dir also after a restart. Settings from " +
      "the controller override flags. SIGTERM and SIGINT drain and stop; a second signal stops at once. SIGHUP reopens the " +
      "access log.",
    formats: [],
    examples: [
      {
        line: "sluice proxy --controller sluice-controller.sluice-system.svc:9443 --state-dir /var/lib/sluice",
        does: "in a pod, with its certificate mounted at /var/run/sluice/identity",
      },
    ],
    exitCodes: ["0  drained and stopped after SIGTERM or SIGINT", "2  a flag is wrong"],
    load: async () => (await import("./proxy.ts")).proxy,
  },
  check: {
    summary: "Report what is wrong with manifests, without serving them.",
    args: "PATH...",
    formats: ["text", "json", "yaml", "github"],
    examples: [
      { line: "sluice check manifests/", does: "print findings with their source lines" },
      { line: "sluice check --strict -o github manifests/", does: "annotate a pull request; warnings fail it too" },
    ],
    exitCodes: ["0  no errors", "1  there are errors, or warnings with --strict", readable],
    load: async () => (await import("./check.ts")).check,
  },
  explain: {
    summary: "Explain which route serves a request, and why the others do not.",
    args: "[PATH...]",
    description: "Describe the request with --url, or with --host, --path and so on. Nothing is sent.",
    formats: ["text", "json", "yaml"],
    examples: [
      {
        line: "sluice explain manifests/ --url tls://db.example.com:5432",
        does: "explain a TLS, TCP or UDP connection",
      },
      { line: "sluice explain manifests/ --url http://shop.example.com/cart", does: "explain a request by its URL" },
      {
        line: "sluice explain manifests/ --host shop.example.com --path /cart --header x-canary:true",
        does: "explain a request by its parts",
      },
      {
        line: "sluice explain --admin 127.0.0.1:9900 --url http://shop.example.com/",
        does: "ask a running instance",
      },
    ],
    exitCodes: ["0  a route serves the request", "1  no route serves it", readable],
    load: async () => (await import("./explain.ts")).explain,
  },
  status: {
    summary: "Show Gateways and routes with their conditions.",
    args: "PATH...",
    formats: ["table", "json", "yaml"],
    examples: [
      { line: "sluice status manifests/", does: "tables like those of kubectl get" },
      { line: "sluice status manifests/ -n shop -o yaml", does: "the objects with their status" },
    ],
    exitCodes: ["0  the status was printed", readable],
    load: async () => (await import("./status.ts")).status,
  },
  routes: {
    summary: "Show the effective routing table, in order of precedence.",
    args: "PATH...",
    formats: ["table", "json", "yaml"],
    examples: [{ line: "sluice routes manifests/", does: "every match with its filters and backends" }],
    exitCodes: ["0  the table was printed", readable],
    load: async () => (await import("./routes.ts")).routes,
  },
  demo: {
    summary: "Serve a small example with stub backends, to see Sluice at work.",
    args: "",
    formats: [],
    examples: [
      { line: "sluice demo", does: "HTTP on 127.0.0.1:8080 and HTTPS on 127.0.0.1:8443" },
      { line: "sluice demo --port 9080 --https-port 9443", does: "the same on other ports" },
    ],
    exitCodes: ["0  stopped by SIGTERM or SIGINT", "2  a port is taken, or a flag is wrong"],
    load: async () => (await import("./demo.ts")).demo,
  },
  version: {
    summary: "Print the versions of Sluice, of the Gateway API and of Node.",
    args: "",
    formats: ["text", "json", "yaml"],
    examples: [{ line: "sluice version -o json", does: "for scripts" }],
    exitCodes: ["0  always"],
    load: async () => (await import("./version.ts")).version,
  },
  install: {
    summary: "Install Sluice in a Kubernetes cluster, or print the manifests.",
    args: "",
    description:
      "Applies the namespace, RBAC, the CustomResourceDefinitions of Sluice, the controller and a GatewayClass, then waits until " +
      "the controller is ready. To change options, run it again with all of them: what the installation no longer needs is " +
      "removed. Objects of others are never changed. The Gateway API itself is not included; if it is missing, the command " +
      "shows how to install it.",
    formats: ["yaml", "json"],
    examples: [
      {
        line: "sluice install --image registry.example.com/sluice:0.1.0",
        does: "into the cluster of the current context",
      },
      { line: "sluice install --dry-run > sluice.yaml", does: "print the manifests, to review or keep in Git" },
      {
        line: "sluice install --set watchNamespaces=shop,blog --set replicas=3",
        does: "for two namespaces, with no access to others",
      },
    ],
    exitCodes: [
      "0  installed, and the controller is ready",
      "1  installed, but the controller is not ready in time or the Gateway API is missing",
      "2  nothing was changed, the API server refused an object or cannot be reached, or a flag is wrong",
    ],
    load: async () => (await import("./install.ts")).install,
  },
  uninstall: {
    summary: "Remove Sluice from a Kubernetes cluster.",
    args: "",
    description:
      "Removes the installation in --namespace, whatever options it was installed with: the controller, RBAC, its GatewayClass, " +
      "data planes, and its finalizers and annotations on other GatewayClasses. Gateways, routes, GatewayConfigs, the " +
      "namespace and the CustomResourceDefinitions stay. It refuses while Gateways are served, unless --force is given.",
    formats: [],
    examples: [
      { line: "sluice uninstall --dry-run", does: "list what would be removed" },
      { line: "sluice uninstall", does: "remove the installation in sluice-system" },
      {
        line: "sluice uninstall --namespace edge --purge",
        does: "with its namespace and the CustomResourceDefinitions",
      },
    ],
    exitCodes: [
      "0  removed, or there was nothing to remove",
      "2  refused, the API server refused a request or cannot be reached, or a flag is wrong",
    ],
    load: async () => (await import("./uninstall.ts")).uninstall,
  },
  ...migrateCommands,
  completion: {
    summary: "Print a completion script for bash, zsh or fish.",
    args: "SHELL",
    formats: [],
    examples: [
      { line: "source <(sluice completion bash)", does: "complete in this bash" },
      { line: "sluice completion zsh > ~/.zfunc/_sluice", does: "complete in every zsh" },
      { line: "sluice completion fish > ~/.config/fish/completions/sluice.fish", does: "complete in every fish" },
    ],
    exitCodes: ["0  the script was printed", "2  the shell is not one of bash, zsh, fish"],
    load: async () => (await import("./completion.ts")).completion,
  },
} as const satisfies Record<CommandName, CommandRow>;

export const commandGroups: Readonly<Record<GroupName, CommandGroup>> = { migrate: migrateGroup };

/** The row of a command, with the table's literal types forgotten. */
export function commandRow(name: CommandName): CommandRow {
  return commands[name];
}

/** The help of a flag; `--output` names the formats of its command. */
export function flagHelp(name: FlagName, formats: readonly string[]): string {
  if (name === "output") return `Output format: ${formats.join(", ")}.`;
  return flags[name].help;
}
