import type { IngressOptions } from "../ingress/ingress-options.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { SecretKey } from "../ir/tls.ts";
import type { Resource } from "../resource/kinds.ts";

/** What the compiler must be told beside the objects: it has no clock, no environment and no flags of its own. */
export type CompileOptions = {
  /** `GatewayClass.spec.controllerName` that is ours. */
  readonly controllerName: string;
  /** Serve Gateways of every class, also of classes that do not exist (`--adopt-classes`). */
  readonly adoptClasses: boolean;
  /** Flags that can be given where the findings are read, such as `--self-signed`: fixes recommend no others. */
  readonly flags: readonly string[];
  /** What the compilation before this one gave back. */
  readonly retained: RetainedSecrets;
  /** For certificate dates. Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Stand-ins are made for Services that are named and missing (`--stub-backends`): a missing Service is then no error. */
  readonly stubBackends: boolean;
  /** Certificates are made for Secrets that are named and missing (`--self-signed`). */
  readonly selfSigned: boolean;
  /** Serve ExternalName Services. Off by default: they let a route reach any name (CVE-2021-25740). */
  readonly allowExternalName: boolean;
  /** Where the controller runs, and with it shared data planes. Default `sluice-system`. */
  readonly controllerNamespace?: string;
  /** Which Ingresses are served, and by whose configuration. */
  readonly ingress: IngressOptions;
  /** Of listeners that no object says otherwise about. */
  readonly listenerSettings: ListenerSettings;
  /** Names of the features that the chosen plane has, for `GatewayClass.status.supportedFeatures`. */
  readonly supportedFeatures: readonly string[];
  /** Listener protocols that the chosen plane serves. */
  readonly supportedProtocols: readonly ("HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP")[];
};

/**
 * The Secrets that certificates are served from, by secret key, each as it was when it could last be used: what is broken or
 * deleted while it serves goes on serving. `compile` is pure, so its caller keeps them from one compilation to the next.
 */
export type RetainedSecrets = ReadonlyMap<SecretKey, Resource<"Secret">>;

/** Before the first compilation. */
export const nothingRetained: RetainedSecrets = new Map();
