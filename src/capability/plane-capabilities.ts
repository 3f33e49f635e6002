import { type FeatureName, features, featuresWith } from "./features.ts";

/** The kinds of data plane: `embedded` binds in this process, `provisioned` is made in the cluster for each Gateway. */
export type PlaneKind = "embedded" | "provisioned";

/** What the compiler needs to know of the data plane that it compiles for. */
export type PlaneCapabilities = {
  /** All are compiled for; listeners of protocols that a plane does not bind are reported by the plane. */
  readonly supportedProtocols: readonly ("HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP")[];
  /** In the order of the table of features. */
  readonly supportedFeatures: readonly FeatureName[];
};

/** What the installed Gateway API lets a controller report. */
export type InstalledApi = {
  /** `Gateway.status.addresses[].routability`: in the experimental channel, since v1.7. */
  readonly routability: boolean;
};

/** THE table of planes and what each can do where the API has every field. */
const planes: Readonly<Record<PlaneKind, PlaneCapabilities>> = {
  embedded: {
    supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
    supportedFeatures: featuresWith([]),
  },
  provisioned: {
    supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
    supportedFeatures: featuresWith(["provisioned", "routability"]),
  },
};

/** The API that files are written for: nothing is reported to it. */
export const apiOfFiles: InstalledApi = { routability: false };

/** What a kind of data plane can do with the API that is installed: features that it has no field for are not claimed. */
export function capabilitiesOf(kind: PlaneKind, { routability }: InstalledApi): PlaneCapabilities {
  const { supportedProtocols, supportedFeatures } = planes[kind];
  return {
    supportedProtocols,
    supportedFeatures: supportedFeatures.filter((name) => routability || !needsRoutability(name)),
  };
}

function needsRoutability(name: FeatureName): boolean {
  const row = features[name];
  return "needs" in row && row.needs === "routability";
}
