import type { Snapshot } from "../store/snapshot.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { IngressStream } from "./ingress-model.ts";

/** Arguments that name the two ConfigMaps, as `namespace/name`. */
const tables = [
  { protocol: "TCP", key: "tcp-services-configmap" },
  { protocol: "UDP", key: "udp-services-configmap" },
] as const;

/** `namespace/service:port[:PROXY][:PROXY]`: the first reads PROXY protocol, the second writes it. */
const entry = /^([^/:]+)\/([^/:]+):([^:]+)(?::([^:]*))?(?::([^:]*))?$/;

/** The streams of the tcp-services and udp-services ConfigMaps, by protocol and port. Entries that say nothing usable are left out. */
export function readStreams(snapshot: Snapshot, controller: ControllerConfig): readonly IngressStream[] {
  return tables.flatMap(({ protocol, key }) => {
    const [namespace = "", name = ""] = (controller.value(key) ?? "").split("/");
    const configMap = name === "" ? undefined : snapshot.get("ConfigMap", namespace, name);
    return Object.entries(configMap?.data ?? {})
      .flatMap(([port, text]): readonly IngressStream[] => {
        const [, ns = "", service = "", servicePort = "", decode = "", encode = ""] = entry.exec(text.trim()) ?? [];
        const number = Number(port);
        if (service === "" || !Number.isInteger(number) || number < 1 || number > 65_535) return [];
        return [
          {
            protocol,
            port: number,
            backend: {
              namespace: ns,
              service,
              port: /^\d+$/.test(servicePort) ? { number: Number(servicePort) } : { name: servicePort },
              from: { kind: "ConfigMap", namespace, name, pointer: `/data/${port}` },
            },
            proxy: { decode: decode.toUpperCase() === "PROXY", encode: encode.toUpperCase() === "PROXY" },
          },
        ];
      })
      .sort((a, b) => a.port - b.port);
  });
}
