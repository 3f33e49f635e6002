/** Whose policies say what the Gateway API has no field for. `none`: what needs one is lost, and told of as an error. */
export const policiesModes = ["sluice", "envoy-gateway", "none"] as const;
export type PoliciesMode = (typeof policiesModes)[number];

/** Which Gateways there are: one for all, one in each namespace, or one for each team. */
export const gatewayLayouts = ["shared", "namespace", "team"] as const;
export type GatewayLayout = (typeof gatewayLayouts)[number];

export type ConvertOptions = {
  readonly policies: PoliciesMode;
  readonly layout: GatewayLayout;
  /** The shared Gateway; its namespace is also that of the Gateways of teams. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly gatewayClass: string;
  /** Label that names the team: of the Ingress, or else of its Namespace. Without it an Ingress is on the shared Gateway. */
  readonly teamLabel: string;
  /** Certificate of hosts that have none of their own; `undefined`: what the controller's flag names, or there is none. */
  readonly defaultCertificate: { readonly namespace: string; readonly name: string } | undefined;
};

export const defaultConvertOptions: ConvertOptions = {
  policies: "sluice",
  layout: "shared",
  gateway: { namespace: "platform", name: "shared-gateway" },
  gatewayClass: "sluice",
  teamLabel: "team",
  defaultCertificate: undefined,
};

/** API group of the policies of a mode. */
export const policyGroup = {
  sluice: "gateway.sluice.dev",
  "envoy-gateway": "gateway.envoyproxy.io",
  none: "",
} as const satisfies Record<PoliciesMode, string>;

/** The GatewayClass where none is asked for: those that the installations of Sluice and of Envoy Gateway make. */
export const gatewayClasses = {
  sluice: "sluice",
  "envoy-gateway": "eg",
  none: "sluice",
} as const satisfies Record<PoliciesMode, string>;
