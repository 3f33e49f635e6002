/** Where Gateways are served in a cluster: what has to run there, and what is known of it. Plain JSON. */
import type { ObjectRef } from "../finding/finding.ts";
import type { GatewayKey } from "../ir/routing-model.ts";

/** Names a data plane: `namespace/name`. */
export type DataPlaneKey = string;

/** One set of proxies that serve the same Gateways. */
export type DataPlane = {
  readonly key: DataPlaneKey;
  /** `own`: of one Gateway. `shared`: of all Gateways of a class that name it. */
  readonly mode: "own" | "shared";
  /**
   * `kept`: its Gateway is ours and not accepted. What already runs for it stays as it is, nothing is made: a slip in a
   * Gateway takes no traffic down.
   */
  readonly state: "wanted" | "kept";
  /** Where its objects are: the Gateway's namespace, the controller's for a shared one. */
  readonly namespace: string;
  /** The Gateway's name; `shared..` + class + `..` + name for a shared one. At most 253 characters, of `a-z0-9.-`. */
  readonly name: string;
  /** What its objects should be called, before it is made to fit: name and class (GEP-1762). */
  readonly title: { readonly name: string; readonly className: string };
  /** Ordered by key. Exactly one when `mode` is `own`. */
  readonly gateways: readonly DataPlaneGateway[];
  readonly settings: DataPlaneSettings;
};

/** What a Gateway asks of its data plane, or the Ingresses of a class together. */
export type DataPlaneGateway = {
  readonly key: GatewayKey;
  /** What findings about it are told on. */
  readonly object: ObjectRef;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.uid`; absent for objects that no API server has seen. */
  readonly uid?: string;
  readonly className: string;
  /** `spec.infrastructure`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of its own listeners and its ListenerSets', each port and protocol once, in order. */
  readonly ports: readonly DataPlanePort[];
  /** `spec.addresses`, in order; empty: any address. */
  readonly addresses: readonly AddressRequest[];
};

export type DataPlanePort = { readonly port: number; readonly protocol: "TCP" | "UDP" };

/** One entry of `Gateway.spec.addresses`, all of type IPAddress. */
export type AddressRequest = {
  /** Canonical text; absent: any. */
  readonly value?: string;
  /** `""` is no demand (GEP-5093). */
  readonly routability: string;
};

/** The kinds of reach that can be asked of a provisioned address. Spec: GatewayAddressRoutabilityType (GEP-5093). */
export const routabilities = {
  any: "",
  cluster: "Cluster",
  /** Reserved for conformance: no guarantee, and to be reported as asked. */
  sentinel: "testing.x-k8s.io/sentinel",
} as const;

/** How a data plane is run: a GatewayConfig with that of its class under it and defaults under both. */
export type DataPlaneSettings = {
  /** Absent when autoscaled. */
  readonly replicas?: number;
  readonly autoscaling?: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly targetCpuUtilizationPercentage: number;
  };
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly service: {
    readonly type: "LoadBalancer" | "NodePort" | "ClusterIP";
    readonly annotations: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
    readonly externalTrafficPolicy?: "Cluster" | "Local";
    readonly loadBalancerClass?: string;
    readonly loadBalancerSourceRanges: readonly string[];
    readonly ipFamilyPolicy?: "SingleStack" | "PreferDualStack" | "RequireDualStack";
  };
  /** Absent: by number of replicas. */
  readonly podDisruptionBudget?:
    | { readonly minAvailable: number | string }
    | { readonly maxUnavailable: number | string };
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** As the pod's fields of the same name. */
  readonly tolerations: readonly Readonly<Record<string, unknown>>[];
  readonly affinity?: Readonly<Record<string, unknown>>;
  /** Absent: spread over nodes and zones where that can be had. */
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly priorityClassName?: string;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly logging: { readonly accessLog: boolean; readonly format: "text" | "json" };
  readonly drainSeconds: number;
};

/** An address that a Gateway has. */
export type AssignedAddress = {
  readonly type: "IPAddress" | "Hostname";
  readonly value: string;
  /** Absent: the usual one, or not told. */
  readonly routability?: string;
};

/** What became of a Gateway's addresses, and of what has to run for it. */
export type GatewayProvision = {
  readonly addresses: readonly AssignedAddress[];
  /** Absent while nothing is known. Spec: condition AddressesAssigned (GEP-5093). */
  readonly assigned?: {
    readonly state: "all" | "some" | "none";
    /** Names each entry that has no address, and why; `""` when all have. */
    readonly message: string;
  };
  /** Why the Gateway is not programmed, whatever its proxies say. */
  readonly problem?: {
    readonly reason: "AddressNotAssigned" | "AddressNotUsable";
    readonly message: string;
    /** As it is for every Gateway in its first seconds. */
    readonly isEarly: boolean;
  };
  /** What its proxies wait for while they have not said that they serve. `NoResources`: they cannot be made. */
  readonly waiting?: { readonly reason: "NoResources" | "Pending"; readonly message: string };
};
