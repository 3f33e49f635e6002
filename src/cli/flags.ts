/**
 * Every flag of every command, in one table. The parser, `--help`, the completion scripts and
 * `docs/reference/flags.md` are made from it.
 */
import type { Cidr } from "../base/cidr.ts";
import {
  type HeaderArgument,
  type HostPort,
  type OutputFormat,
  outputFormats,
  type PortMapping,
  parseChoice,
  parseCount,
  parseHeader,
  parseHostPort,
  parseNetwork,
  parsePort,
  parsePortMapping,
} from "./flag-values.ts";

export const commandNames = ["run", "check", "explain", "status", "routes", "demo", "version", "completion"] as const;
export type CommandName = (typeof commandNames)[number];

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
  readonly mapPort: readonly PortMapping[];
  readonly bind: string;
  readonly gatewayAddresses: string | undefined;
  readonly admin: HostPort | undefined;
  readonly accessLog: string;
  readonly logFormat: "text" | "json";
  readonly trustedHops: number;
  readonly forwardClientCert: "off" | "sanitize" | "append";
  readonly proxyProtocolFrom: readonly Cidr[];
  readonly sessionKeyFile: string | undefined;
  readonly drainSeconds: number;
  readonly watch: boolean;
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

const serving = ["run", "demo"] as const;
const compiling = ["run", "check", "explain", "status", "routes"] as const;
const asIs = (text: string): string => text;

export const flags: { readonly [K in FlagName]: Flag<FlagValues[K]> } = {
  output: {
    short: "-o",
    long: "--output",
    argument: "FORMAT",
    initial: undefined,
    parse: (text) => parseChoice(text, outputFormats),
    choices: outputFormats,
    help: "How to print the result; each command's help lists its formats.",
    commands: ["check", "explain", "status", "routes", "version"],
  },
  namespace: {
    short: "-n",
    long: "--namespace",
    argument: "NAMESPACE",
    initial: undefined,
    parse: asIs,
    help: "Show only what belongs to this namespace.",
    commands: ["check", "status", "routes"],
  },
  adoptClasses: {
    long: "--adopt-classes",
    initial: false,
    help: "Serve Gateways of every class, also of classes that are not Sluice's or do not exist.",
    commands: compiling,
  },
  stubBackends: {
    long: "--stub-backends",
    initial: false,
    help: "Stand in for every Service that is referenced and has no endpoints, with a small echo server. Requests with the headers x-stub-status and x-stub-delay-ms make it fail or wait.",
    commands: compiling,
  },
  selfSigned: {
    long: "--self-signed",
    initial: false,
    help: "Make certificates, valid for 30 days, for TLS Secrets that are referenced and missing.",
    commands: compiling,
  },
  allowExternalName: {
    long: "--allow-external-name",
    initial: false,
    help: "Serve Services of type ExternalName. They let whoever writes a route reach any host name.",
    commands: compiling,
  },
  controllerName: {
    long: "--controller-name",
    argument: "NAME",
    initial: "sluice.dev/gateway-controller",
    shownDefault: "sluice.dev/gateway-controller",
    parse: asIs,
    help: "The controllerName of the GatewayClasses that are served.",
    commands: compiling,
  },
  mapPort: {
    long: "--map-port",
    argument: "LISTENER:LOCAL",
    initial: [],
    parse: (text, previous) => [...previous, parsePortMapping(text)],
    repeatable: true,
    help: "Bind another port than the listener's, such as 80:8080. 0 lets the system choose one.",
    commands: ["run"],
  },
  bind: {
    long: "--bind",
    argument: "ADDRESS",
    initial: "127.0.0.1",
    shownDefault: "127.0.0.1",
    parse: asIs,
    help: "The address that listeners bind. Use 0.0.0.0 or :: to be reachable from other machines.",
    commands: serving,
  },
  gatewayAddresses: {
    long: "--gateway-addresses",
    argument: "CIDR",
    initial: undefined,
    parse: asIs,
    help: "Give each Gateway an address of its own from this range, such as 127.0.10.0/24.",
    commands: ["run"],
  },
  admin: {
    long: "--admin",
    argument: "HOST:PORT",
    initial: { host: "127.0.0.1", port: 9900 },
    shownDefault: "127.0.0.1:9900",
    parse: (text) => parseHostPort(text),
    choices: ["off"],
    help: 'Where the admin endpoint listens: health, metrics, status, configuration. Port 0 for any; "off" for none.',
    commands: serving,
  },
  accessLog: {
    long: "--access-log",
    argument: "FILE",
    initial: "off",
    shownDefault: "off",
    parse: asIs,
    choices: ["-", "off"],
    help: 'Write one JSON line for each request to a file, or to standard output with "-".',
    commands: serving,
  },
  logFormat: {
    long: "--log-format",
    argument: "FORMAT",
    initial: "text",
    shownDefault: "text",
    parse: (text) => parseChoice(text, ["text", "json"]),
    choices: ["text", "json"],
    help: "How Sluice's own messages are written, on standard error: text for people, json for programs.",
    commands: serving,
  },
  trustedHops: {
    long: "--trusted-hops",
    argument: "N",
    initial: 0,
    shownDefault: "0",
    parse: (text) => parseCount(text, 32),
    help: "How many proxies in front of Sluice are trusted to have written X-Forwarded-For and Forwarded.",
    commands: serving,
  },
  forwardClientCert: {
    long: "--forward-client-cert",
    argument: "MODE",
    initial: "off",
    shownDefault: "off",
    parse: (text) => parseChoice(text, ["off", "sanitize", "append"]),
    choices: ["off", "sanitize", "append"],
    help: 'Tell backends of client certificates in X-Forwarded-Client-Cert: "sanitize" sends only what Sluice saw, "append" puts it behind what --trusted-hops proxies sent, "off" sends nothing.',
    commands: serving,
  },
  proxyProtocolFrom: {
    long: "--proxy-protocol-from",
    argument: "CIDR",
    initial: [],
    parse: (text, previous) => [...previous, parseNetwork(text)],
    repeatable: true,
    help: "Proxies in front that begin every TCP connection with a PROXY header (v1 or v2), such as 10.0.0.0/8. Theirs without one are refused.",
    commands: serving,
  },
  sessionKeyFile: {
    long: "--session-key-file",
    argument: "FILE",
    initial: undefined,
    shownDefault: "a random key",
    parse: asIs,
    help: "A secret of at least 32 bytes that signs what session persistence gives to clients. Give all instances the same, so that sessions hold between them and over restarts.",
    commands: serving,
  },
  drainSeconds: {
    long: "--drain-seconds",
    argument: "SECONDS",
    initial: 25,
    shownDefault: "25",
    parse: (text) => parseCount(text, 3600),
    help: "How long requests in flight may take to finish after SIGTERM.",
    commands: serving,
  },
  watch: {
    long: "--no-watch",
    initial: true,
    help: "Do not reload when a file changes; SIGHUP still reloads.",
    commands: serving,
  },
  tenantLabel: {
    long: "--tenant-label",
    argument: "LABEL",
    initial: "tenant",
    shownDefault: "tenant",
    parse: asIs,
    help: "The route or Gateway label whose value the access log gives as the tenant.",
    commands: serving,
  },
  tenantHeader: {
    long: "--tenant-header",
    argument: "HEADER",
    initial: undefined,
    parse: asIs,
    help: "The request header that names the tenant when no label does.",
    commands: serving,
  },
  environmentLabel: {
    long: "--environment-label",
    argument: "LABEL",
    initial: "environment",
    shownDefault: "environment",
    parse: asIs,
    help: "The route or Gateway label whose value the access log gives as the environment.",
    commands: serving,
  },
  environmentHeader: {
    long: "--environment-header",
    argument: "HEADER",
    initial: undefined,
    parse: asIs,
    help: "The request header that names the environment when no label does.",
    commands: serving,
  },
  httpPort: {
    long: "--port",
    argument: "PORT",
    initial: 8080,
    shownDefault: "8080",
    parse: (text) => parsePort(text),
    help: "The local port for HTTP. 0 lets the system choose one.",
    commands: ["demo"],
  },
  httpsPort: {
    long: "--https-port",
    argument: "PORT",
    initial: 8443,
    shownDefault: "8443",
    parse: (text) => parsePort(text),
    help: "The local port for HTTPS. 0 lets the system choose one.",
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
    help: "The path of the request, with its query when it has one.",
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
    help: "Only listeners of this scheme; with tls, tcp or udp, where a connection goes (--port, and --host as server name).",
    commands: ["explain"],
  },
  port: {
    long: "--port",
    argument: "PORT",
    initial: undefined,
    parse: (text) => parsePort(text, 1),
    help: "Only listeners of this port, as the Gateway writes it.",
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
  strict: {
    long: "--strict",
    initial: false,
    help: "Warnings count as errors for the exit code.",
    commands: ["check"],
  },
  quiet: {
    short: "-q",
    long: "--quiet",
    initial: false,
    help: "Print only errors.",
    commands: ["run", "check", "demo"],
  },
  verbose: {
    short: "-v",
    long: "--verbose",
    initial: false,
    help: "Print also what is only worth knowing.",
    commands: ["run", "check", "explain", "demo"],
  },
  color: {
    long: "--no-color",
    initial: true,
    help: "Print without colours. The environment variable NO_COLOR does the same; so does output that is not a terminal.",
    commands: commandNames,
  },
};

/** The flags of one command, in the order of the table. */
export function flagsOf(command: CommandName): readonly FlagName[] {
  return (Object.keys(flags) as FlagName[]).filter((name) => flags[name].commands.includes(command));
}

/** The default of every flag. */
export function initialFlags(): FlagValues {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flag.initial])) as FlagValues;
}

/** `-o, --output FORMAT` as help and documentation print it. */
export function renderUsage(flag: Pick<Flag<unknown>, "short" | "long" | "argument">): string {
  return `${flag.short ? `${flag.short}, ` : ""}${flag.long}${flag.argument ? ` ${flag.argument}` : ""}`;
}
