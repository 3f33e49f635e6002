import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { type HtpasswdProblem, parseHtpasswd } from "../../ir/htpasswd.ts";
import type { Resource } from "../../resource/kinds.ts";

type BasicAuth = NonNullable<Resource<"SecurityPolicy">["spec"]["basicAuth"]>;

/** Lines that a finding names; of the others it says how many there are. */
const maxNamed = 5;

/** Compiles `SecurityPolicy.spec.basicAuth`. Without the Secret nobody comes in. The realm is `Restricted` unless written. */
export function compileBasicAuthPolicy(config: BasicAuth, scope: FeatureScope): readonly Filter[] | "refused" {
  const secret = scope.readSecret(config.users, ".htpasswd", "/users");
  if (secret === undefined) return "refused";
  const { users, problems } = parseHtpasswd(secret.bytes.toString());
  if (problems.length > 0) {
    scope.report("htpasswd-line-unusable", "/users", {
      message: `Secret ${config.users.name} has lines in .htpasswd that let nobody in: ${describeProblems(problems)}.`,
      fix: "Write the line anew with `htpasswd -B`, which uses bcrypt.",
    });
  } else if (users.size === 0) {
    scope.report("htpasswd-line-unusable", "/users", {
      message: `.htpasswd of Secret ${config.users.name} has no users, so nobody comes in.`,
      fix: "Add a line with `htpasswd -B`.",
    });
  }
  return [
    {
      kind: "basicAuth",
      users: secret.key,
      realm: config.realm ?? "Restricted",
      namedUsers: [],
      tellsCharset: true,
      hidesCredentials: false,
      usernameHeader: config.forwardUsernameHeader?.toLowerCase(),
    },
  ];
}

function describeProblems(problems: readonly HtpasswdProblem[]): string {
  const named = problems
    .slice(0, maxNamed)
    .map(({ line, user, reason }) => `line ${line}${user === "" ? "" : ` (${user})`} ${reason}`);
  const more = problems.length - named.length;
  return more > 0 ? `${named.join(", ")}, and ${more} more` : named.join(", ");
}
