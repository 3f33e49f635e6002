import { isJsonObject, type JsonObject } from "../../resource/json.ts";
import { objectsOf, specOf, textsOf } from "../../resource/written-object.ts";

/** What an inventory looks at in an Ingress, read from whatever is written: objects that the API server would refuse have hosts too. */
export type IngressShape = {
  /** Lower case, each once; `*`: a rule without a host, or a default backend. */
  readonly hosts: readonly string[];
  readonly paths: number;
  /** `hosts` of an entry without any stand for those of the Ingress. `secretName` `""`: the default certificate. */
  readonly tls: readonly { readonly hosts: readonly string[]; readonly secretName: string }[];
};

export function shapeOf(raw: JsonObject): IngressShape {
  const spec = specOf(raw);
  const rules = objectsOf(spec["rules"]);
  const hosts = rules.map((rule) => hostOf(rule["host"]));
  if (spec["defaultBackend"] !== undefined || spec["backend"] !== undefined) hosts.push("*");
  const paths = rules.map((rule) => (isJsonObject(rule["http"]) ? objectsOf(rule["http"]["paths"]).length : 0));
  return {
    hosts: [...new Set(hosts)],
    paths: paths.reduce((sum, count) => sum + count, 0),
    tls: objectsOf(spec["tls"]).map((entry) => ({
      hosts: textsOf(entry["hosts"]).map((host) => host.toLowerCase()),
      secretName: typeof entry["secretName"] === "string" ? entry["secretName"] : "",
    })),
  };
}

function hostOf(host: unknown): string {
  return typeof host === "string" && host !== "" ? host.toLowerCase() : "*";
}
