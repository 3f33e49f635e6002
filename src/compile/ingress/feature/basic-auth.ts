import type { BasicAuth } from "../../../ingress/feature/basic-auth.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { needsNoAuth } from "../../../ingress/needs-no-auth.ts";
import { parseHtpasswd } from "../../../ir/htpasswd.ts";
import { nothingServed, type ServeFeature, type ServeScope, type StagedFilter } from "../serve-feature.ts";

/** With `satisfy: any` the address lists serve it. */
export const serveBasicAuth: ServeFeature<LocationSettings["basicAuth"]> = (auth, scope) =>
  scope.location.settings.addressLists.satisfy === "any"
    ? nothingServed
    : { ...nothingServed, filters: basicAuthFilters(auth, scope) };

/** What asks for a password at a location. */
export function basicAuthFilters(auth: BasicAuth | undefined, scope: ServeScope): readonly StagedFilter[] {
  if (auth === undefined || needsNoAuth(scope.controller, scope.location.path)) return [];
  if (auth.scheme === "digest") {
    scope.deny("ingress-digest-auth-unsupported", "auth-type", {
      message: "auth-type is digest, which is not served: every request gets 503.",
      fix: "Write basic, and put hashes of htpasswd into the Secret.",
    });
    return [];
  }
  const users = readUsers(auth.users, scope);
  const filter = {
    kind: "basicAuth",
    ...users,
    realm: auth.realm,
    tellsCharset: false,
    hidesCredentials: true,
    usernameHeader: undefined,
  } as const;
  return [{ stage: "access", from: scope.at("auth-type"), filter }];
}

function readUsers({ namespace, name, format }: BasicAuth["users"], scope: ServeScope) {
  const { secrets, snapshot } = scope.context;
  const lines: string[] = [];
  const read = (entry: string) => {
    const value = secrets.value(namespace, name, entry);
    return "problem" in value ? undefined : value;
  };
  if (format === "file") {
    const file = read("auth");
    if (file !== undefined) lines.push(file.bytes.toString());
    tellOfLines(lines, `Secret ${namespace}/${name}`, scope);
    return { users: file?.key, namedUsers: [] };
  }
  const entries = Object.keys(snapshot.get("Secret", namespace, name)?.data ?? {}).sort();
  const namedUsers = entries.flatMap((user) => {
    const hash = read(user);
    if (hash === undefined) return [];
    lines.push(`${user}:${hash.bytes.toString().trimEnd()}`);
    return [{ user, hash: hash.key }];
  });
  tellOfLines(lines, `Secret ${namespace}/${name}`, scope);
  return { users: undefined, namedUsers };
}

/** Of every line that lets nobody in, the user and the reason, never the hash. */
function tellOfLines(lines: readonly string[], secret: string, scope: ServeScope): void {
  const { problems } = parseHtpasswd(lines.join("\n"));
  if (problems.length === 0) return;
  const named = problems
    .slice(0, 5)
    .map(({ line, user, reason }) => `${user === "" ? `line ${line}` : user} ${reason}`);
  const more = problems.length > named.length ? `, and ${problems.length - named.length} more` : "";
  scope.report("htpasswd-line-unusable", "auth-secret", {
    message: `${secret} has users who cannot come in: ${named.join(", ")}${more}.`,
    fix: "Write the line anew with `htpasswd -B`, which uses bcrypt.",
  });
}
