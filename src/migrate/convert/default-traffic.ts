import type { IngressFeature } from "../../ingress/feature.ts";
import {
  type LocationSettings,
  locationFeatures,
  type ServerSettings,
  serverFeatures,
} from "../../ingress/features.ts";
import type { IngressLocation, IngressModel, IngressServer } from "../../ingress/ingress-model.ts";
import { readFeature } from "../../ingress/read-feature.ts";
import type { JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ConvertScope } from "./convert-feature.ts";
import { convertLocation } from "./location-parts.ts";
import type { Workspace } from "./workspace.ts";

/** Fields of a BackendTrafficPolicy that hold for an Ingress without annotations: what the controller is configured to do. */
export function defaultTraffic(model: IngressModel, workspace: Workspace): JsonObject {
  const { controller } = model;
  const ingress = plainIngress;
  const read = <Table extends Readonly<Record<string, IngressFeature<unknown>>>>(table: Table) =>
    Object.fromEntries(
      Object.entries(table).map(([name, feature]) => [
        name,
        readFeature(feature, { ingress, controller, snapshot: workspace.snapshot }).setting,
      ]),
    );
  const settings = read(locationFeatures) as LocationSettings;
  const location: IngressLocation = {
    match: { kind: "beginning", value: "/" },
    path: "/",
    pathType: "Prefix",
    owner: undefined,
    settings,
    denied: undefined,
    target: { kind: "defaultBackend" },
    canaries: [],
  };
  const server: IngressServer = {
    hostname: "",
    aliases: [],
    owner: ingress,
    settings: read(serverFeatures) as ServerSettings,
    settingOwners: {},
    certificate: { kind: "none" },
    locations: [location],
    passthrough: undefined,
  };
  const scope: ConvertScope = {
    policies: workspace.options.policies,
    controller,
    snapshot: workspace.snapshot,
    server,
    servers: [server],
    ingress,
    location,
    add: ({ metadata }) => metadata.name,
    addOnce: ({ metadata }) => metadata.name,
    grant: () => {},
    serviceRef: () => undefined,
    report: () => {},
    deny: () => {},
  };
  return convertLocation(settings, scope).part.trafficPolicy;
}

const plainIngress: Resource<"Ingress"> = {
  kind: "Ingress",
  apiVersion: "networking.k8s.io/v1",
  metadata: { name: "", namespace: "default", labels: {}, annotations: {}, generation: 1 },
  spec: { tls: [], rules: [] },
};
