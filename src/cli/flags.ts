/**
 * Every flag of every command, in one table. The parser, `--help`, the completion scripts and
 * `docs/reference/flags.md` are made from it.
 */

import { anyHost } from "../base/any-address.ts";
import type { SocketAddress } from "../base/socket-address.ts";
import { defaultListenerSettings } from "../ir/listener-settings.ts";
import {
  defaultConvertOptions,
  type GatewayLayout,
  gatewayLayouts,
  type PoliciesMode,
  policiesModes,
} from "../migrate/convert/options.ts";
import { type Stage, stages, weightLadder } from "../migrate/move/stages.ts";
import type { LiveGateway } from "../migrate/observe/observe-live.ts";
import {
  type HeaderArgument,
  type ObjectName,
  type OutputFormat,
  outputFormats,
  type PortMapping,
  parseAccepted,
  parseAddress,
  parseChoice,
  parseCount,
  parseHeader,
  parseHostPort,
  parseLiveGateway,
  parseNetwork,
  parseObjectName,
  parsePercent,
  parsePort,
  parsePortMapping,
  parseRemote,
} from "./flag-values.ts";

export const commandNames = [
  "run",
  "controller",
  "proxy",
  "check",
  "explain",
  "status",
  "routes",
  "demo",
  "version",
  "install",
  "uninstall",
  "migrate inventory",
  "migrate verify",
  "migrate convert",
  "migrate plan",
  "migrate apply",
  "migrate status",
  "migrate cutover",
  "migrate rollback",
  "migrate cleanup",
  "completion",
] as const;
/** A name of two words is a command of a group: `migrate` in `migrate inventory`. */
export type CommandName = (typeof commandNames)[number];
export type GroupName = CommandName extends infer Name
  ? Name extends `${infer Group} ${string}`
    ? Group
    : never
  : never;

/** The words by which a command is called. */
export function wordsOf(name: CommandName): { readonly group: GroupName | undefined; readonly word: string } {
  const [word = "", group] = name.split(" ").reverse();
  return { group: group as GroupName | undefined, word };
}

const pullPolicies = ["Always", "IfNotPresent", "Never"] as const;

/** Values of all flags; a command reads those that the table gives it, the others hold their defaults. */
export type FlagValues = {
  readonly output: OutputFormat | undefined;
  readonly color: boolean;
  readonly namespace: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly strict: boolean;
  readonly adoptClasses: boolean;
  readonly stubBackends: boolean;
  readonly selfSigned: boolean;
  readonly allowExternalName: boolean;
  readonly controllerName: string;
  readonly ingressWithoutClass: boolean;
  readonly mapPort: readonly PortMapping[];
  readonly bind: string;
  readonly gatewayAddresses: string | undefined;
  readonly admin: SocketAddress | undefined;
  readonly accessLog: string;
  readonly logFormat: "text" | "json";
  readonly trustedHops: number;
  readonly trustedHeader: "x-forwarded-for" | "forwarded";
  readonly forwardClientCert: "off" | "sanitize" | "append";
  readonly proxyProtocolFrom: readonly string[];
  readonly bodyRate: number;
  readonly bodyTimeout: number;
  readonly sessionKeyFile: string | undefined;
  readonly drainSeconds: number;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly watchNamespace: readonly string[];
  readonly plane: "provisioned" | "embedded";
  readonly stream: SocketAddress;
  readonly streamAddress: SocketAddress | undefined;
  readonly dataPlaneImage: string;
  readonly dataPlanePullPolicy: (typeof pullPolicies)[number] | undefined;
  readonly dataPlanePullSecrets: readonly string[];
  readonly dataPlaneNamespaces: readonly string[];
  readonly dataPlaneNetworkPolicy: boolean;
  readonly metricsNamespaces: readonly string[];
  readonly publishAddress: readonly string[];
  readonly leaderElection: boolean;
  readonly controllers: readonly SocketAddress[];
  readonly certificates: string;
  readonly stateDir: string | undefined;
  readonly proxyName: string | undefined;
  readonly proxyBind: string;
  readonly ports: "unprivileged" | "listener";
  readonly installNamespace: string | undefined;
  readonly image: string | undefined;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly purge: boolean;
  readonly wait: boolean;
  readonly startSeconds: number;
  readonly timeoutSeconds: number;
  readonly watch: boolean;
  readonly zone: string | undefined;
  readonly tenantLabel: string;
  readonly tenantHeader: string | undefined;
  readonly environmentLabel: string;
  readonly environmentHeader: string | undefined;
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly path: string;
  readonly method: string;
  readonly header: readonly HeaderArgument[];
  readonly scheme: "http" | "https" | "tls" | "tcp" | "udp" | undefined;
  readonly port: number | undefined;
  readonly adminUrl: string | undefined;
  readonly adminTokenFile: string | undefined;
  readonly accept: readonly string[];
  readonly live: readonly LiveGateway[];
  readonly allMethods: boolean;
  readonly mirror: string | undefined;
  readonly ingressClass: readonly string[];
  readonly ingressConfig: ObjectName | undefined;
  readonly ingressArgument: readonly string[];
  readonly ingressStatus: boolean;
  readonly policies: PoliciesMode;
  readonly gatewayLayout: GatewayLayout;
  readonly gateway: ObjectName;
  readonly gatewayClass: string | undefined;
  readonly teamLabel: string;
  readonly defaultCertificate: ObjectName | undefined;
  readonly toFolder: string | undefined;
  readonly report: string | undefined;
  readonly acceptLoss: boolean;
  readonly movedHost: string | undefined;
  readonly toStage: Stage | undefined;
  readonly weight: number | undefined;
  readonly cluster: boolean;
  readonly stateFile: string;
  readonly moveFolder: string;
  readonly oldAddress: string | undefined;
  readonly newAddress: string | undefined;
  readonly oldService: string;
  readonly moveForce: boolean;
  readonly httpPort: number;
  readonly httpsPort: number;
};

export type FlagName = keyof FlagValues;

/** One row of the table. */
export type Flag<T> = {
  readonly short?: string;
  /** With its dashes; `--no-…` turns off what is on by default. */
  readonly long: string;
  /** What stands after the flag, such as `FILE`; absent for a switch. */
  readonly argument?: string;
  readonly initial: T;
  /** The default in the words of the help; absent when there is nothing to say. */
  readonly shownDefault?: string;
  /** Turns the argument into the value; `previous` is what the flag holds so far, for flags that may be repeated. */
  readonly parse?: (text: string, previous: T) => T;
  /** May be given several times. */
  readonly repeatable?: true;
  /** Words that the completion offers for the argument. */
  readonly choices?: readonly string[];
  readonly help: string;
  readonly commands: readonly CommandName[];
};

const serving = ["run", "demo", "controller"] as const;
const files = ["run", "demo"] as const;
const proxying = [...serving, "proxy"] as const;
const compiling = ["run", "check", "explain", "status", "routes"] as const;
const moving = [
  "migrate plan",
  "migrate apply",
  "migrate status",
  "migrate cutover",
  "migrate rollback",
  "migrate cleanup",
] as const;
const stepping = ["migrate apply", "migrate cutover", "migrate rollback", "migrate cleanup"] as const;
const checking = ["migrate plan", "migrate apply", "migrate cutover", "migrate cleanup"] as const;
const asIs = (text: string): string => text;

export const flags: { readonly [K in FlagName]: Flag<FlagValues[K]> } = {
  output: {
    short: "-o",
    long: "--output",
    argument: "FORMAT",
    initial: undefined,
    parse: (text) => parseChoice(text, outputFormats),
    choices: outputFormats,
    help: "Output format; each command's help lists its formats.",
    commands: [
      "check",
      "explain",
      "status",
      "routes",
      "version",
      "install",
      "migrate inventory",
      "migrate verify",
      "migrate convert",
      "migrate plan",
      "migrate status",
    ],
  },
  namespace: {
    short: "-n",
    long: "--namespace",
    argument: "NAMESPACE",
    initial: undefined,
    parse: asIs,
    help: "Show only what belongs to this namespace.",
    commands: ["check", "status", "routes", "migrate inventory"],
  },
  adoptClasses: {
    long: "--adopt-classes",
    initial: false,
    help: "Serve Gateways of every class, including classes of other controllers and classes that do not exist.",
    commands: compiling,
  },
  stubBackends: {
    long: "--stub-backends",
    initial: false,
    help: "Answer for every referenced Service without endpoints with a small echo server. The request headers x-stub-status and x-stub-delay-ms make it fail or wait.",
    commands: compiling,
  },
  selfSigned: {
    long: "--self-signed",
    initial: false,
    help: "Make certificates, valid for 30 days, for referenced TLS Secrets that do not exist.",
    commands: compiling,
  },
  allowExternalName: {
    long: "--allow-external-name",
    initial: false,
    help: "Serve Services of type ExternalName. They let anyone who can write a Service send traffic to any host name.",
    commands: [...compiling, "controller"],
  },
  controllerName: {
    long: "--controller-name",
    argument: "NAME",
    initial: "sluice.dev/gateway-controller",
    shownDefault: "sluice.dev/gateway-controller",
    parse: asIs,
    help: "The controllerName of the GatewayClasses to serve.",
    commands: [...compiling, "controller"],
  },
  ingressClass: {
    long: "--ingress-class",
    argument: "NAME",
    initial: [],
    shownDefault:
      "the IngressClasses whose controller is that of --controller-name; of migrate convert those of ingress-nginx",
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "Serve the Ingresses of this class, whosever it is: nginx takes over what ingress-nginx serves. Repeat the flag for several.",
    commands: [...compiling, "controller", "migrate convert", "migrate verify"],
  },
  ingressWithoutClass: {
    long: "--ingress-without-class",
    initial: false,
    help: "Serve Ingresses that name no class, too, unless another class is the default.",
    commands: [...compiling, "controller"],
  },
  ingressConfig: {
    long: "--ingress-config",
    argument: "NAMESPACE/NAME",
    initial: undefined,
    shownDefault: "ingress-nginx/ingress-nginx-controller",
    parse: (text) => parseObjectName(text),
    help: "The ConfigMap with the settings of the ingress-nginx controller whose Ingresses are served.",
    commands: [...compiling, "controller", "migrate convert", "migrate verify"],
  },
  ingressArgument: {
    long: "--ingress-argument",
    argument: "ARGUMENT",
    initial: [],
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "An argument of that controller, such as --ingress-argument=--enable-ssl-passthrough or --ingress-argument=--tcp-services-configmap=infra/tcp. Repeat the flag for several.",
    commands: [...compiling, "controller", "migrate convert", "migrate verify"],
  },
  ingressStatus: {
    long: "--ingress-status",
    initial: false,
    help: "Write the addresses of the data plane into the status of Ingresses whose class names another controller, too. That one must not write them any more.",
    commands: ["controller"],
  },
  mapPort: {
    long: "--map-port",
    argument: "LISTENER:LOCAL",
    initial: [],
    parse: (text, previous) => [...previous, parsePortMapping(text)],
    repeatable: true,
    help: "Bind a different port from the listener's, such as 80:8080. 0 picks a free port.",
    commands: ["run", "controller"],
  },
  bind: {
    long: "--bind",
    argument: "ADDRESS",
    initial: "127.0.0.1",
    shownDefault: "127.0.0.1",
    parse: asIs,
    help: 'The address that listeners bind. Use "*" (every address, IPv6 and IPv4) to accept connections from other machines.',
    commands: serving,
  },
  gatewayAddresses: {
    long: "--gateway-addresses",
    argument: "CIDR",
    initial: undefined,
    parse: asIs,
    help: "Give each Gateway an address of its own from this range, such as 127.0.10.0/24.",
    commands: ["run", "controller"],
  },
  kubeconfig: {
    long: "--kubeconfig",
    argument: "FILE",
    initial: undefined,
    shownDefault: "KUBECONFIG, the cluster around the process, or ~/.kube/config",
    parse: asIs,
    help: "The kubeconfig file to use.",
    commands: ["controller", "install", "uninstall", "migrate inventory", ...moving],
  },
  context: {
    long: "--context",
    argument: "NAME",
    initial: undefined,
    shownDefault: "the current one",
    parse: asIs,
    help: "The kubeconfig context to use.",
    commands: ["controller", "install", "uninstall", "migrate inventory", ...moving],
  },
  watchNamespace: {
    long: "--watch-namespace",
    argument: "NAMESPACE",
    initial: [],
    shownDefault: "all",
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "Watch only this namespace. Repeat the flag for several. Without it, cluster-wide permissions are needed.",
    commands: ["controller"],
  },
  plane: {
    long: "--plane",
    argument: "PLANE",
    initial: "provisioned",
    shownDefault: "provisioned",
    parse: (text) => parseChoice(text, ["provisioned", "embedded"]),
    choices: ["provisioned", "embedded"],
    help: '"provisioned" creates pods for each Gateway; "embedded" serves all Gateways in this process.',
    commands: ["controller"],
  },
  stream: {
    long: "--stream",
    argument: "HOST:PORT",
    initial: { host: anyHost, port: 9443 },
    shownDefault: "*:9443",
    parse: (text) => parseAddress(text),
    help: "Where to listen for data planes, which fetch their configuration over mutual TLS. The host * is every address, IPv6 and IPv4.",
    commands: ["controller"],
  },
  streamAddress: {
    long: "--stream-address",
    argument: "HOST:PORT",
    initial: undefined,
    shownDefault: "the Service sluice-controller in the controller's namespace",
    parse: (text) => parseRemote(text),
    help: "The address at which data planes reach this controller.",
    commands: ["controller"],
  },
  dataPlaneImage: {
    long: "--data-plane-image",
    argument: "IMAGE",
    initial: "sluice",
    shownDefault: "sluice",
    parse: asIs,
    help: "The container image of data planes.",
    commands: ["controller"],
  },
  dataPlanePullPolicy: {
    long: "--data-plane-pull-policy",
    argument: "POLICY",
    initial: undefined,
    shownDefault: "Kubernetes' own, by the image tag",
    parse: (text) => parseChoice(text, pullPolicies),
    choices: pullPolicies,
    help: "When nodes pull the image of data planes.",
    commands: ["controller"],
  },
  dataPlanePullSecrets: {
    long: "--data-plane-pull-secret",
    argument: "NAME",
    initial: [],
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "A Secret for pulling the image, in the namespace of each data plane.",
    commands: ["controller"],
  },
  dataPlaneNamespaces: {
    long: "--data-plane-namespace",
    argument: "NAMESPACE",
    initial: [],
    shownDefault: "all watched namespaces",
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "Serve only Gateways in this namespace. Repeat the flag for several. Permissions to create data planes are then needed only there and, for shared ones, in the controller's namespace.",
    commands: ["controller"],
  },
  dataPlaneNetworkPolicy: {
    long: "--data-plane-network-policy",
    initial: false,
    help: "Create a NetworkPolicy for each data plane: only the namespaces of --metrics-namespace reach its admin port.",
    commands: ["controller"],
  },
  metricsNamespaces: {
    long: "--metrics-namespace",
    argument: "NAMESPACE",
    initial: [],
    shownDefault: "none",
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "With --data-plane-network-policy, a namespace whose pods may reach the admin port of data planes.",
    commands: ["controller"],
  },
  publishAddress: {
    long: "--publish-address",
    argument: "ADDRESS",
    initial: [],
    shownDefault: "the addresses that are bound",
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "With --plane embedded, an address or host name to report in the status of Gateways.",
    commands: ["controller"],
  },
  leaderElection: {
    long: "--no-leader-election",
    initial: true,
    help: "Lead without electing a leader. Only safe if there is no other replica.",
    commands: ["controller"],
  },
  controllers: {
    long: "--controller",
    argument: "HOST:PORT",
    initial: [],
    parse: (text, previous) => [...previous, parseRemote(text)],
    repeatable: true,
    help: "Address of the controller's configuration stream. Of several, the one that leads is used.",
    commands: ["proxy"],
  },
  certificates: {
    long: "--certificates",
    argument: "FOLDER",
    initial: "/var/run/sluice/identity",
    shownDefault: "/var/run/sluice/identity",
    parse: asIs,
    help: "Folder with tls.crt, tls.key and ca.crt for the configuration stream. Changed files are reloaded.",
    commands: ["proxy"],
  },
  stateDir: {
    long: "--state-dir",
    argument: "FOLDER",
    initial: undefined,
    shownDefault: "nowhere",
    parse: asIs,
    help: "Where to keep the last good configuration, so that a restart serves before a controller answers. It contains private keys.",
    commands: ["proxy"],
  },
  proxyName: {
    long: "--name",
    argument: "NAME",
    initial: undefined,
    shownDefault: "the host name, which is the pod's",
    parse: asIs,
    help: "Name of this proxy in the controller's messages.",
    commands: ["proxy"],
  },
  proxyBind: {
    long: "--bind",
    argument: "ADDRESS",
    initial: anyHost,
    shownDefault: "*: every address, of IPv6 and IPv4",
    parse: asIs,
    help: "The address that listeners bind.",
    commands: ["proxy"],
  },
  ports: {
    long: "--ports",
    argument: "WHICH",
    initial: "unprivileged",
    shownDefault: "unprivileged",
    parse: (text) => parseChoice(text, ["unprivileged", "listener"]),
    choices: ["unprivileged", "listener"],
    help: 'Which ports to bind: "unprivileged" adds 10,000 to listener ports below 1024, as the Services of data planes expect; "listener" binds the listener ports themselves.',
    commands: ["proxy"],
  },
  installNamespace: {
    short: "-n",
    long: "--namespace",
    argument: "NAMESPACE",
    initial: undefined,
    shownDefault: "sluice-system",
    parse: asIs,
    help: "Namespace of the controller. With --cluster, commands of migrate keep their state there.",
    commands: ["install", "uninstall", ...moving],
  },
  image: {
    long: "--image",
    argument: "IMAGE",
    initial: undefined,
    shownDefault: "sluice, with the tag of this release",
    parse: asIs,
    help: "The container image of the controller and of the data planes, such as registry.example.com/sluice:1.2.3.",
    commands: ["install"],
  },
  values: {
    short: "-f",
    long: "--values",
    argument: "FILE",
    initial: [],
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "A YAML file of options, the same as for the Helm chart. May be repeated; later files win.",
    commands: ["install"],
  },
  set: {
    long: "--set",
    argument: "OPTION=VALUE",
    initial: [],
    parse: (text, previous) => [...previous, text],
    repeatable: true,
    help: "One option, such as replicas=3, watchNamespaces=shop,blog or a list or mapping as JSON. docs/install.md has them all.",
    commands: ["install"],
  },
  dryRun: {
    long: "--dry-run",
    initial: false,
    help: "Change nothing. install prints the manifests without contacting a cluster; uninstall and migrate list what they would do.",
    commands: ["install", "uninstall", ...stepping],
  },
  force: {
    long: "--force",
    initial: false,
    help: "Uninstall even if Gateways are still served: their data planes are removed and traffic stops.",
    commands: ["uninstall"],
  },
  purge: {
    long: "--purge",
    initial: false,
    help: "Also remove the namespace, with everything in it, and the CustomResourceDefinitions of Sluice, with every GatewayConfig.",
    commands: ["uninstall"],
  },
  wait: {
    long: "--no-wait",
    initial: true,
    help: "Do not wait until the controller is ready.",
    commands: ["install"],
  },
  startSeconds: {
    long: "--start-seconds",
    argument: "SECONDS",
    initial: 120,
    shownDefault: "120",
    parse: (text) => parseCount(text, 3600),
    help: "How long to wait for the API server at startup.",
    commands: ["controller"],
  },
  timeoutSeconds: {
    long: "--timeout-seconds",
    argument: "SECONDS",
    initial: 180,
    shownDefault: "180",
    parse: (text) => parseCount(text, 3600),
    help: "How long to wait for the controller to become ready, or to stop.",
    commands: ["install", "uninstall"],
  },
  admin: {
    long: "--admin",
    argument: "HOST:PORT",
    initial: { host: "127.0.0.1", port: 9900 },
    shownDefault: "127.0.0.1:9900",
    parse: (text) => parseHostPort(text),
    choices: ["off"],
    help: 'Where the admin endpoint (health, metrics, status, configuration) listens. The host * is every address, port 0 any free port; "off" disables it.',
    commands: proxying,
  },
  accessLog: {
    long: "--access-log",
    argument: "FILE",
    initial: "off",
    shownDefault: "off",
    parse: asIs,
    choices: ["-", "off"],
    help: 'Write one JSON line per request to a file, or to standard output with "-".',
    commands: proxying,
  },
  logFormat: {
    long: "--log-format",
    argument: "FORMAT",
    initial: "text",
    shownDefault: "text",
    parse: (text) => parseChoice(text, ["text", "json"]),
    choices: ["text", "json"],
    help: "Format of Sluice's own log, on standard error: text for people, json for programs.",
    commands: proxying,
  },
  trustedHops: {
    long: "--trusted-hops",
    argument: "N",
    initial: 0,
    shownDefault: "0",
    parse: (text) => parseCount(text, 32),
    help: "How many proxies in front of Sluice are trusted to report the client's address, scheme and host. See docs/reference/forwarded-headers.md.",
    commands: serving,
  },
  trustedHeader: {
    long: "--trusted-header",
    argument: "NAME",
    initial: "x-forwarded-for",
    shownDefault: "x-forwarded-for",
    parse: (text) => parseChoice(text, ["x-forwarded-for", "forwarded"]),
    choices: ["x-forwarded-for", "forwarded"],
    help: "The header that the --trusted-hops proxies maintain. The other one is dropped, because a client could have forged it.",
    commands: serving,
  },
  forwardClientCert: {
    long: "--forward-client-cert",
    argument: "MODE",
    initial: "off",
    shownDefault: "off",
    parse: (text) => parseChoice(text, ["off", "sanitize", "append"]),
    choices: ["off", "sanitize", "append"],
    help: 'Send client certificates to backends in X-Forwarded-Client-Cert: "sanitize" sends only the certificate that Sluice saw, "append" adds it to what --trusted-hops proxies sent, "off" sends nothing.',
    commands: serving,
  },
  proxyProtocolFrom: {
    long: "--proxy-protocol-from",
    argument: "CIDR",
    initial: [],
    parse: (text, previous) => {
      parseNetwork(text);
      return [...previous, text];
    },
    repeatable: true,
    help: "Proxies in front that start every TCP connection with a PROXY header (v1 or v2), such as 10.0.0.0/8. Their connections without one are refused.",
    commands: serving,
  },
  bodyRate: {
    long: "--body-rate",
    argument: "BYTES",
    initial: defaultListenerSettings.requestBodyRate,
    shownDefault: String(defaultListenerSettings.requestBodyRate),
    parse: (text) => parseCount(text, 1_000_000),
    help: "Minimum rate of request bodies, in bytes per second, averaged over up to a minute; 0 sets no limit. Slower ones get 408, except gRPC calls and requests whose response has begun.",
    commands: serving,
  },
  bodyTimeout: {
    long: "--body-timeout",
    argument: "SECONDS",
    initial: 0,
    shownDefault: "0, no limit",
    parse: (text) => parseCount(text, 1_000_000),
    help: "How long a whole request body may take, however fast it is; 0 sets no limit. Longer ones get 408, except gRPC calls and requests whose response has begun.",
    commands: serving,
  },
  sessionKeyFile: {
    long: "--session-key-file",
    argument: "FILE",
    initial: undefined,
    shownDefault: "a random key",
    parse: asIs,
    help: "A secret of at least 32 bytes that signs session persistence tokens and seals the cookies of logins. Give every instance the same file, so that sessions survive restarts and are shared.",
    commands: serving,
  },
  drainSeconds: {
    long: "--drain-seconds",
    argument: "SECONDS",
    initial: 25,
    shownDefault: "25",
    parse: (text) => parseCount(text, 3600),
    help: "How long requests in flight may take to finish after SIGTERM.",
    commands: proxying,
  },
  watch: {
    long: "--no-watch",
    initial: true,
    help: "Do not reload when files change; SIGHUP still reloads.",
    commands: files,
  },
  zone: {
    long: "--zone",
    argument: "ZONE",
    initial: undefined,
    shownDefault: "POD_ZONE of the environment",
    parse: asIs,
    help: "The zone that this process runs in, for BackendTrafficPolicies that prefer endpoints nearby (topology.kubernetes.io/zone).",
    commands: proxying,
  },
  tenantLabel: {
    long: "--tenant-label",
    argument: "LABEL",
    initial: "tenant",
    shownDefault: "tenant",
    parse: asIs,
    help: "The route or Gateway label that the access log reports as tenant.",
    commands: proxying,
  },
  tenantHeader: {
    long: "--tenant-header",
    argument: "HEADER",
    initial: undefined,
    parse: asIs,
    help: "The request header that names the tenant when no label does.",
    commands: proxying,
  },
  environmentLabel: {
    long: "--environment-label",
    argument: "LABEL",
    initial: "environment",
    shownDefault: "environment",
    parse: asIs,
    help: "The route or Gateway label that the access log reports as environment.",
    commands: proxying,
  },
  environmentHeader: {
    long: "--environment-header",
    argument: "HEADER",
    initial: undefined,
    parse: asIs,
    help: "The request header that names the environment when no label does.",
    commands: proxying,
  },
  movedHost: {
    long: "--host",
    argument: "HOST",
    initial: undefined,
    parse: asIs,
    help: "The host to move. Hosts that share a route move together.",
    commands: ["migrate plan", ...stepping],
  },
  toStage: {
    long: "--stage",
    argument: "STAGE",
    initial: undefined,
    shownDefault: "the next, or the one before",
    parse: (text) => parseChoice(text, stages),
    choices: stages,
    help: "The stage to go to, such as percentage without a mirror before it.",
    commands: ["migrate apply", "migrate rollback"],
  },
  weight: {
    long: "--weight",
    argument: "PERCENT",
    initial: undefined,
    shownDefault: `${weightLadder.join(", ")}, one after the other`,
    parse: (text) => parsePercent(text),
    help: "Share of the requests that the Gateway serves itself in the stage percentage.",
    commands: ["migrate apply"],
  },
  cluster: {
    long: "--cluster",
    initial: false,
    help: "Read the Ingresses of the cluster beside those of PATH, change the cluster, and keep the state in a ConfigMap there.",
    commands: moving,
  },
  stateFile: {
    long: "--state",
    argument: "FILE",
    initial: "sluice-move.json",
    shownDefault: "sluice-move.json",
    parse: asIs,
    help: "Without --cluster, the file in which the stages of hosts are kept.",
    commands: moving,
  },
  moveFolder: {
    long: "--to",
    argument: "FOLDER",
    initial: "sluice-move",
    shownDefault: "sluice-move",
    parse: asIs,
    help: "Without --cluster, the folder into which what a host needs is written, to be applied.",
    commands: stepping,
  },
  oldAddress: {
    long: "--old-address",
    argument: "HOST[:PORT]",
    initial: undefined,
    parse: asIs,
    help: "Address of the Ingress controller: with --new-address, the checks send GET requests to both and compare the answers.",
    commands: checking,
  },
  newAddress: {
    long: "--new-address",
    argument: "HOST[:PORT]",
    initial: undefined,
    parse: asIs,
    help: "Address of the Gateway: the checks look at its certificate, and at whether the host's DNS points to it.",
    commands: checking,
  },
  oldService: {
    long: "--old-service",
    argument: "NAMESPACE/NAME",
    initial: "ingress-nginx/ingress-nginx-controller",
    shownDefault: "ingress-nginx/ingress-nginx-controller",
    parse: asIs,
    help: "The Ingress controller's Service, to which the Gateway sends its share in the stage percentage.",
    commands: moving,
  },
  moveForce: {
    long: "--force",
    initial: false,
    help: "Go on although a check failed.",
    commands: ["migrate apply", "migrate cutover", "migrate cleanup"],
  },
  httpPort: {
    long: "--port",
    argument: "PORT",
    initial: 8080,
    shownDefault: "8080",
    parse: (text) => parsePort(text),
    help: "The local port for HTTP. 0 picks a free port.",
    commands: ["demo"],
  },
  httpsPort: {
    long: "--https-port",
    argument: "PORT",
    initial: 8443,
    shownDefault: "8443",
    parse: (text) => parsePort(text),
    help: "The local port for HTTPS. 0 picks a free port.",
    commands: ["demo"],
  },
  url: {
    long: "--url",
    argument: "URL",
    initial: undefined,
    parse: asIs,
    help: "The request as a URL, such as https://shop.example.com/cart?item=7, instead of --scheme, --host, --port and --path.",
    commands: ["explain"],
  },
  host: {
    long: "--host",
    argument: "HOST",
    initial: undefined,
    parse: asIs,
    help: "The Host header of the request.",
    commands: ["explain"],
  },
  path: {
    long: "--path",
    argument: "PATH",
    initial: "/",
    shownDefault: "/",
    parse: asIs,
    help: "The path of the request, with its query if any.",
    commands: ["explain"],
  },
  method: {
    long: "--method",
    argument: "METHOD",
    initial: "GET",
    shownDefault: "GET",
    parse: (text) => text.toUpperCase(),
    choices: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    help: "The method of the request.",
    commands: ["explain"],
  },
  header: {
    long: "--header",
    argument: "NAME:VALUE",
    initial: [],
    parse: (text, previous) => [...previous, parseHeader(text)],
    repeatable: true,
    help: "A header of the request, such as x-canary:true.",
    commands: ["explain"],
  },
  scheme: {
    long: "--scheme",
    argument: "SCHEME",
    initial: undefined,
    parse: (text) => parseChoice(text, ["http", "https", "tls", "tcp", "udp"] as const),
    choices: ["http", "https", "tls", "tcp", "udp"],
    help: "Only listeners of this scheme. tls, tcp and udp explain a connection instead of a request: give --port, and --host as the server name.",
    commands: ["explain"],
  },
  port: {
    long: "--port",
    argument: "PORT",
    initial: undefined,
    parse: (text) => parsePort(text, 1),
    help: "Only listeners on this port, as written in the Gateway.",
    commands: ["explain"],
  },
  adminUrl: {
    long: "--admin",
    argument: "URL",
    initial: undefined,
    parse: asIs,
    help: "Ask a running instance through its admin endpoint, such as http://127.0.0.1:9900, instead of reading PATH.",
    commands: ["explain"],
  },
  adminTokenFile: {
    long: "--admin-token-file",
    argument: "FILE",
    initial: undefined,
    parse: asIs,
    help: "A file with the token that callers of the admin endpoint send (Authorization: Bearer). Without one, status, findings, routes and configuration are told to callers on the same machine or in the same pod alone. explain sends it.",
    commands: [...proxying, "explain"],
  },
  accept: {
    long: "--accept",
    argument: "KIND[@HOST]",
    initial: [],
    parse: (text, previous) => [...previous, parseAccepted(text)],
    repeatable: true,
    help: "Do not count differences of this kind, or of this kind at one host. See docs/migration/verify.md.",
    commands: ["migrate verify"],
  },
  live: {
    long: "--live",
    argument: "URL[,URL]",
    initial: [],
    parse: (text, previous) => [...previous, parseLiveGateway(text)],
    repeatable: true,
    help: "Send the requests to gateways that run: given twice, for OLD and NEW. A second URL tells where https goes, if it is not port 443 of the same host.",
    commands: ["migrate verify"],
  },
  mirror: {
    long: "--mirror",
    argument: "FILE",
    initial: undefined,
    parse: asIs,
    help: "Ask for what this access log says was asked, in place of what could tell OLD and NEW apart. It is one of ingress-nginx or of Sluice.",
    commands: ["migrate verify"],
  },
  allMethods: {
    long: "--all-methods",
    initial: false,
    help: "With --live: send requests with methods that may change something, too.",
    commands: ["migrate verify"],
  },
  policies: {
    long: "--policies",
    argument: "KIND",
    initial: "sluice",
    shownDefault: "sluice",
    parse: (text) => parseChoice(text, policiesModes),
    choices: policiesModes,
    help: "Whose policies say what the Gateway API has no field for. With none, each such setting is an error.",
    commands: ["migrate convert"],
  },
  gatewayLayout: {
    long: "--gateway-layout",
    argument: "LAYOUT",
    initial: "shared",
    shownDefault: "shared",
    parse: (text) => parseChoice(text, gatewayLayouts),
    choices: gatewayLayouts,
    help: "One Gateway for all Ingresses (shared), one in each namespace, or one for each team.",
    commands: ["migrate convert"],
  },
  gateway: {
    long: "--gateway",
    argument: "NAMESPACE/NAME",
    initial: defaultConvertOptions.gateway,
    shownDefault: "platform/shared-gateway",
    parse: (text) => parseObjectName(text),
    help: "The shared Gateway. Gateways of teams are in its namespace.",
    commands: ["migrate convert"],
  },
  gatewayClass: {
    long: "--gateway-class",
    argument: "NAME",
    initial: undefined,
    shownDefault: "sluice; eg with --policies envoy-gateway",
    parse: asIs,
    help: "The GatewayClass of the Gateways.",
    commands: ["migrate convert"],
  },
  teamLabel: {
    long: "--team-label",
    argument: "LABEL",
    initial: defaultConvertOptions.teamLabel,
    shownDefault: "team",
    parse: asIs,
    help: "With --gateway-layout team, the label of Ingresses or their Namespaces that names the team.",
    commands: ["migrate convert"],
  },
  defaultCertificate: {
    long: "--default-certificate",
    argument: "NAMESPACE/NAME",
    initial: undefined,
    shownDefault: "that of the controller's flag --default-ssl-certificate",
    parse: (text) => parseObjectName(text),
    help: "The TLS Secret for hosts that have none of their own. Without one these hosts have no https.",
    commands: ["migrate convert"],
  },
  toFolder: {
    long: "--to",
    argument: "FOLDER",
    initial: undefined,
    shownDefault: "standard output",
    parse: asIs,
    help: "Write one folder for each namespace, with a kustomization.yaml. Edits made there since the last run are kept.",
    commands: ["migrate convert"],
  },
  report: {
    long: "--report",
    argument: "FILE",
    initial: undefined,
    parse: asIs,
    help: "Write what was converted, lost and left to do as Markdown, or as JSON if the name ends in .json.",
    commands: ["migrate convert"],
  },
  acceptLoss: {
    long: "--accept-loss",
    initial: false,
    help: "Exit with status 0, and write with --policies none, although something is lost. What protects still answers errors.",
    commands: ["migrate convert"],
  },
  strict: {
    long: "--strict",
    initial: false,
    help: "Exit with status 1 for warnings too.",
    commands: ["check"],
  },
  quiet: {
    short: "-q",
    long: "--quiet",
    initial: false,
    help: "Print errors only.",
    commands: ["run", "check", "demo", "controller", "proxy", "migrate convert"],
  },
  verbose: {
    short: "-v",
    long: "--verbose",
    initial: false,
    help: "Print informational findings too.",
    commands: ["run", "check", "explain", "demo", "controller", "proxy", "migrate convert"],
  },
  color: {
    long: "--no-color",
    initial: true,
    help: "Print without colour. NO_COLOR does the same, and colour is only used on a terminal.",
    commands: commandNames,
  },
};

/** The flags of one command, in the order of the table. */
export function flagsOf(command: CommandName): readonly FlagName[] {
  return (Object.keys(flags) as FlagName[]).filter((name) => flags[name].commands.includes(command));
}

/** The same as they are typed, such as `--self-signed`. */
export function longFlagsOf(command: CommandName): readonly string[] {
  return flagsOf(command).map((name) => flags[name].long);
}

/** The default of every flag. */
export function initialFlags(): FlagValues {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flag.initial])) as FlagValues;
}

/** `-o, --output FORMAT` as help and documentation print it. */
export function renderUsage(flag: Pick<Flag<unknown>, "short" | "long" | "argument">): string {
  return `${flag.short ? `${flag.short}, ` : ""}${flag.long}${flag.argument ? ` ${flag.argument}` : ""}`;
}
