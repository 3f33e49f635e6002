/** What the ingress-nginx controller is told beside Ingresses: its ConfigMaps and the arguments of its pods. */
import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { type Becoming, renderBecoming } from "../controllers/becoming.ts";
import { becomingOfFlag, becomingOfKey } from "../controllers/nginx-options.ts";
import type { Outcome, SettingEntry, StreamEntry } from "./inventory.ts";

export type ControllerSettings = {
  readonly settings: readonly SettingEntry[];
  readonly streams: readonly StreamEntry[];
  /** Of the controller; the first, where there are several. */
  readonly configMap: { readonly namespace: string; readonly name: string } | undefined;
  /** Arguments of the controller, the same. */
  readonly flags: readonly string[];
};

type Workload = { readonly source: string; readonly namespace: string; readonly flags: ReadonlyMap<string, string> };

/** Reads the controllers that the objects hold: any number, recognised by their image, labels and usual names. */
export function controllerSettings(
  objects: readonly JsonObject[],
  configMaps: readonly Resource<"ConfigMap">[],
): ControllerSettings {
  const workloads = objects.flatMap(workloadOf);
  const named = (flag: string): ReadonlySet<string> =>
    new Set(
      workloads.flatMap(({ flags, namespace }) => {
        const value = flags.get(flag);
        return value === undefined ? [] : [value.replace("$(POD_NAMESPACE)", namespace)];
      }),
    );
  const [own, tcp, udp] = [named("configmap"), named("tcp-services-configmap"), named("udp-services-configmap")];
  const isStream = (map: Resource<"ConfigMap">, flagged: ReadonlySet<string>, protocol: string): boolean =>
    flagged.has(nameOf(map)) || new RegExp(`^(?:.*-)?${protocol}(?:-services)?$`).test(map.metadata.name);
  const streams = (["TCP", "UDP"] as const).flatMap((protocol) =>
    configMaps
      .filter((map) => isStream(map, protocol === "TCP" ? tcp : udp, protocol.toLowerCase()))
      .flatMap((map) => streamsOf(map, protocol)),
  );
  const maps = configMaps.filter(
    (map) => (own.has(nameOf(map)) || isController(map)) && !isStream(map, tcp, "tcp") && !isStream(map, udp, "udp"),
  );
  const [map] = maps;
  return {
    settings: [...maps.flatMap(keysOf), ...workloads.flatMap(flagsOf)],
    streams,
    configMap: map && { namespace: map.metadata.namespace, name: map.metadata.name },
    flags: [...(workloads[0]?.flags ?? [])].map(([flag, value]) => (value === "" ? `--${flag}` : `--${flag}=${value}`)),
  };
}

function nameOf({ metadata }: Resource<"ConfigMap">): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function isController({ metadata }: Resource<"ConfigMap">): boolean {
  return (
    metadata.labels["app.kubernetes.io/name"] === "ingress-nginx" ||
    /^(?:.*-)?ingress-nginx-controller$|^nginx-configuration$/.test(metadata.name)
  );
}

function keysOf(map: Resource<"ConfigMap">): readonly SettingEntry[] {
  return Object.keys(map.data)
    .sort()
    .map((key) => entryOf(`ConfigMap ${nameOf(map)}`, key, becomingOfKey(key)));
}

function flagsOf({ source, flags }: Workload): readonly SettingEntry[] {
  return [...flags.keys()].flatMap((flag) => {
    const becoming = becomingOfFlag(flag);
    return becoming === undefined ? [] : [entryOf(source, `--${flag}`, becoming)];
  });
}

const outcomes = {
  standard: "converted",
  policy: "converted",
  infrastructure: "converted",
  nothing: "noEffect",
  manual: "byHand",
} as const satisfies Record<Becoming["kind"], Outcome>;

function entryOf(source: string, key: string, becoming: Becoming): SettingEntry {
  return { source, key, outcome: outcomes[becoming.kind], becomes: renderBecoming(becoming) };
}

/** `9000: namespace/service:port`, as the ConfigMaps of streams have it. */
function streamsOf(map: Resource<"ConfigMap">, protocol: StreamEntry["protocol"]): readonly StreamEntry[] {
  return Object.entries(map.data)
    .filter(([port, backend]) => /^\d{1,5}$/.test(port) && backend.includes("/"))
    .map(([port, backend]) => ({ protocol, port: Number(port), backend, source: `ConfigMap ${nameOf(map)}` }));
}

/** A Deployment or DaemonSet that runs the controller. */
function workloadOf(raw: JsonObject): readonly Workload[] {
  const { kind, metadata } = raw;
  if ((kind !== "Deployment" && kind !== "DaemonSet") || !isJsonObject(metadata)) return [];
  const flags = containersOf(raw)
    .filter(({ image }) => typeof image === "string" && /ingress-nginx|nginx-ingress-controller/.test(image))
    .flatMap(({ args }) => (Array.isArray(args) ? args : []))
    .flatMap((argument: unknown): readonly (readonly [string, string])[] => {
      const [, flag = "", value = ""] = /^--([\w-]+)(?:=(.*))?$/s.exec(String(argument)) ?? [];
      return flag === "" ? [] : [[flag, value]];
    });
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : "default";
  if (flags.length === 0) return [];
  return [{ source: `${kind} ${namespace}/${String(metadata["name"])}`, namespace, flags: new Map(flags) }];
}

function containersOf(raw: JsonObject): readonly JsonObject[] {
  const spec = isJsonObject(raw["spec"]) ? raw["spec"] : {};
  const template = isJsonObject(spec["template"]) ? spec["template"] : {};
  const pod = isJsonObject(template["spec"]) ? template["spec"] : {};
  return Array.isArray(pod["containers"]) ? pod["containers"].filter(isJsonObject) : [];
}
