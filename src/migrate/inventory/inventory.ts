/** What `sluice migrate inventory` reports: plain data, the same in every output format. */
import type { Finding, ObjectRef, Position } from "../../finding/finding.ts";
import type { ControllerName } from "../controllers/controllers.ts";

/**
 * How much work an Ingress is. `trivial`: fields of the Gateway API say all of it. `policies`: it needs policies or filters too.
 * `snippets`: it has raw configuration of nginx. `blocked`: something of it is not served, or it cannot be read; a person decides.
 */
export const complexities = ["trivial", "policies", "snippets", "blocked"] as const;
export type Complexity = (typeof complexities)[number];

/**
 * What happens to an annotation. The first four are what serving Ingresses makes of those of ingress-nginx. `converted`: of another
 * controller or a tool, with a field or annotation that takes its place. `byHand`: a person has to write what takes its place. `withoutEffect`: its controller does
 * not read it today either.
 */
export type Outcome = "served" | "partly" | "noEffect" | "refused" | "converted" | "byHand" | "withoutEffect";

export type Inventory = {
  readonly summary: Summary;
  /** By namespace and name. */
  readonly ingresses: readonly IngressEntry[];
  /** The most used first. */
  readonly annotations: readonly AnnotationEntry[];
  /** In the order in which they are best moved. */
  readonly hosts: readonly HostEntry[];
  readonly owners: readonly OwnerEntry[];
  /** What the ConfigMap and the flags of the controller change. */
  readonly settings: readonly SettingEntry[];
  readonly streams: readonly StreamEntry[];
  /** Objects of kinds that belong to a controller and have no rules for hosts, such as Middlewares. */
  readonly otherObjects: readonly OtherObjectEntry[];
  /** Documents that are no manifests but name annotations: templates, values of charts. */
  readonly documents: readonly DocumentEntry[];
  readonly findings: readonly Finding[];
};

export type Summary = {
  readonly ingresses: number;
  readonly hosts: number;
  readonly namespaces: number;
  readonly complexity: Readonly<Record<Complexity, number>>;
  readonly minutes: number;
  readonly files: FileCoverage;
};

/** Files by what becomes of all their annotations; from a cluster, each Ingress counts as a file. */
export type FileCoverage = {
  /** With at least one annotation of a controller. */
  readonly files: number;
  /** All of them are served, converted, or change nothing. */
  readonly covered: number;
  /** The others: the report names what is not. */
  readonly named: number;
};

/** An Ingress, or an object of a controller that has rules for hosts as Ingresses have. */
export type IngressEntry = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly position: Position | undefined;
  readonly controller: ControllerName | undefined;
  /** `""`: none is written. */
  readonly className: string;
  readonly owner: string;
  /** `*`: every host that no other Ingress has. */
  readonly hosts: readonly string[];
  readonly paths: number;
  readonly annotations: readonly IngressAnnotation[];
  readonly complexity: Complexity;
  readonly reasons: readonly string[];
  /** A person's time, by `effortMinutes`. */
  readonly minutes: number;
};

export type IngressAnnotation = {
  /** With its prefix. */
  readonly name: string;
  readonly outcome: Outcome;
  /** What takes its place, or why nothing does. */
  readonly becomes: string;
};

export type AnnotationEntry = IngressAnnotation & {
  /** In how many Ingresses, Services and other documents. */
  readonly uses: number;
};

export type HostEntry = {
  readonly hostname: string;
  /** 1, 2, …: hosts of a wave have the same risk. */
  readonly wave: number;
  readonly complexity: Complexity;
  readonly minutes: number;
  /** `namespace/name`. */
  readonly ingresses: readonly string[];
  readonly namespaces: readonly string[];
  readonly certificate: HostCertificate;
  /** What to look at when it is moved. */
  readonly notes: readonly string[];
};

export type HostCertificate =
  | { readonly kind: "none" }
  /** TLS is asked for without a Secret of its own. */
  | { readonly kind: "default" }
  | { readonly kind: "unknown"; readonly secret: string; readonly because: string }
  | {
      readonly kind: "secret";
      readonly secret: string;
      /** RFC 3339. */
      readonly notAfter: string;
      /** Negative: it has expired. */
      readonly daysLeft: number;
      readonly namesHost: boolean;
    };

export type OwnerEntry = {
  readonly owner: string;
  readonly ingresses: number;
  readonly hosts: number;
  readonly minutes: number;
  readonly complexity: Readonly<Record<Complexity, number>>;
};

export type SettingEntry = {
  /** `ConfigMap ingress-nginx/controller`, or the workload whose flag it is. */
  readonly source: string;
  readonly key: string;
  readonly outcome: Outcome;
  readonly becomes: string;
};

export type StreamEntry = {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly backend: string;
  readonly source: string;
};

export type OtherObjectEntry = {
  readonly object: ObjectRef;
  readonly position: Position | undefined;
  readonly outcome: Outcome;
  readonly becomes: string;
};

export type DocumentEntry = {
  readonly position: Position;
  readonly annotations: readonly IngressAnnotation[];
};
