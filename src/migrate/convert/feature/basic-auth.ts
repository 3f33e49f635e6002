import type { BasicAuth } from "../../../ingress/feature/basic-auth.ts";
import { needsNoAuth } from "../../../ingress/needs-no-auth.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

export const convertBasicAuth: ConvertFeature<BasicAuth | undefined> = (setting, scope) => {
  if (setting === undefined || needsNoAuth(scope.controller, scope.location.path)) return nothingConverted;
  if (setting.scheme === "digest") {
    scope.deny("convert-refused", "auth-type", {
      message: "Digest authentication is not converted: it needs passwords that whoever reads them can use.",
      fix: "Use auth-type: basic, over https.",
    });
    return nothingConverted;
  }
  const realm = setting.realm.replaceAll(/["\\]/g, "");
  return {
    ...nothingConverted,
    // ingress-nginx keeps the password to itself.
    filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["Authorization"] } }],
    securityPolicy: {
      basicAuth: { users: usersOf(setting.users, scope), ...(realm === "" ? {} : { realm }) },
    },
  };
};

/** The Secret with lines of htpasswd under `.htpasswd`: another entry than ingress-nginx reads, so that it is another Secret. */
function usersOf({ namespace, name, format }: BasicAuth["users"], scope: Parameters<ConvertFeature<BasicAuth>>[1]) {
  const data = scope.snapshot.get("Secret", namespace, name)?.data ?? {};
  const reference = (secret: string) => ({
    name: secret,
    ...(namespace === scope.ingress.metadata.namespace ? {} : { namespace }),
  });
  if (data[".htpasswd"] !== undefined) return reference(name);
  const wanted = `${name}-htpasswd`;
  const lines = format === "file" ? (data["auth"] ?? "") : linesOf(data);
  if (lines === "") {
    scope.report("convert-by-hand", "auth-secret", {
      message: `Secret ${namespace}/${wanted} is to hold what Secret ${name} holds under auth: policies read lines of htpasswd under .htpasswd. Until it exists nobody gets in.`,
      fix: `kubectl get secret ${name} -n ${namespace} -o jsonpath='{.data.auth}' | base64 -d > htpasswd && kubectl create secret generic ${wanted} -n ${namespace} --from-file=.htpasswd=htpasswd`,
    });
    return reference(wanted);
  }
  scope.addOnce({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: wanted, namespace, labels: {}, annotations: {} },
    content: { type: "Opaque", data: { ".htpasswd": lines } },
    app: undefined,
    comments: [
      `What Secret ${name} holds for ingress-nginx, under the name that policies read. Change both while both are in use.`,
    ],
  });
  return reference(wanted);
}

/** A hash under the name of each user as lines of htpasswd, Base64. */
function linesOf(data: Readonly<Record<string, string>>): string {
  const lines = Object.entries(data).map(
    ([user, hash]) => `${user}:${Buffer.from(hash, "base64").toString().trim()}\n`,
  );
  return Buffer.from(lines.sort().join("")).toString("base64");
}
