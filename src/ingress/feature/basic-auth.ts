import { acceptedText, withoutSpaces } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";
import { readObjectReference } from "../object-reference.ts";

/** Passwords that are asked for. */
export type BasicAuth = {
  readonly scheme: "basic" | "digest";
  readonly realm: string;
  /** A Secret that is there. `file`: lines of htpasswd under the key `auth`. `map`: a hash under the name of each user. */
  readonly users: { readonly namespace: string; readonly name: string; readonly format: "file" | "map" };
};

const realmText = withoutSpaces(/^[-./_~a-zA-Z0-9:]*$/, "letters, digits, spaces and - . _ ~ / :");
const formats = { "auth-file": "file", "auth-map": "map" } as const;

export const basicAuth: IngressFeature<BasicAuth | undefined> = {
  annotations: [
    {
      name: "auth-type",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Asks for a password: basic or digest.",
      otherwise: "",
      handling: { kind: "partly", lacks: "digest: every request gets 503" },
    },
    {
      name: "auth-secret",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Secret with the users and their passwords.",
      otherwise: "",
      handling: { kind: "served" },
    },
    {
      name: "auth-secret-type",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How the Secret holds them: auth-file (htpasswd under the key auth) or auth-map (a key for each user).",
      otherwise: "auth-file",
      handling: { kind: "served" },
    },
    {
      name: "auth-realm",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "What browsers show when they ask for the password.",
      otherwise: "",
      handling: { kind: "served" },
    },
  ],
  read(source) {
    const type = source.text("auth-type") ?? "";
    if (type === "") return undefined;
    const refuse = (annotation: string, because: string, fix: string): undefined =>
      source.deny("ingress-auth-invalid", annotation, {
        message: `${because}: every request gets 503.`,
        fix,
      }) as undefined;
    if (type !== "basic" && type !== "digest") {
      return refuse("auth-type", `auth-type is ${JSON.stringify(type)}`, "Write basic.");
    }
    const reference = readObjectReference(source, source.text("auth-secret") ?? "");
    if (reference.kind === "refused") {
      return refuse(
        "auth-secret",
        `auth-secret: ${reference.because}`,
        "Name a Secret in the namespace of the Ingress.",
      );
    }
    const { namespace, name } = reference;
    const secret = source.snapshot.get("Secret", namespace, name);
    if (secret === undefined) {
      return refuse(
        "auth-secret",
        `auth-secret names the Secret ${namespace}/${name}, which does not exist`,
        "Create it, with lines of htpasswd under the key auth.",
      );
    }
    const written = source.text("auth-secret-type") || "auth-file";
    if (!Object.hasOwn(formats, written)) {
      return refuse(
        "auth-secret-type",
        `auth-secret-type is ${JSON.stringify(written)}`,
        "Write auth-file or auth-map.",
      );
    }
    const format = formats[written as keyof typeof formats];
    if (format === "file" && secret.data["auth"] === undefined) {
      return refuse(
        "auth-secret",
        `The Secret ${namespace}/${name} has no key auth`,
        "Put the lines of htpasswd under the key auth.",
      );
    }
    const realm = acceptedText(source, "auth-realm", realmText) ?? "";
    return { scheme: type, realm, users: { namespace, name, format } };
  },
};
