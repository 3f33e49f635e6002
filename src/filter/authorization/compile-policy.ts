import { compileCel } from "../../base/cel.ts";
import { parseCidr } from "../../base/cidr.ts";
import { compileRegex } from "../../base/regex.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import { type AuthorizationRule, celVariables } from "../../ir/authorization.ts";
import type { Filter } from "../../ir/filter.ts";
import type { PathMatch } from "../../ir/match.ts";
import type { Resource } from "../../resource/kinds.ts";
import { normalizePath } from "../../wire/http1/path.ts";

type Policy = NonNullable<Resource<"SecurityPolicy">["spec"]["authorization"]>;
type ApiRule = NonNullable<Policy["rules"]>[number];
type ApiPath = NonNullable<NonNullable<ApiRule["operation"]>["path"]>;

/**
 * Compiles `SecurityPolicy.spec.authorization`. A rule that cannot be understood cannot be left out, whatever its action:
 * nothing may pass then. Spec: Authorization of Envoy Gateway.
 */
export function compileAuthorizationPolicy(policy: Policy, scope: FeatureScope): readonly Filter[] | "refused" {
  const rules: AuthorizationRule[] = [];
  let isWhole = true;
  for (const [index, rule] of (policy.rules ?? []).entries()) {
    const compiled = new RuleCompiler(scope, `/rules/${index}`).compile(rule);
    if (compiled === undefined) isWhole = false;
    else rules.push(compiled);
  }
  if (!isWhole) return "refused";
  return [{ kind: "authorization", rules, defaultAction: policy.defaultAction === "Allow" ? "allow" : "deny" }];
}

class RuleCompiler {
  readonly #scope: FeatureScope;
  readonly #field: string;
  #isUsable = true;

  constructor(scope: FeatureScope, field: string) {
    this.#scope = scope;
    this.#field = field;
  }

  compile({ name = "", action, operation, principal, cel }: ApiRule): AuthorizationRule | undefined {
    const { clientCIDRs, headers = [], jwt } = principal ?? {};
    if (cel !== undefined) this.#checkCel(cel);
    if (jwt !== undefined) this.#checkProvider(jwt.provider);
    const rule: AuthorizationRule = {
      name,
      action: action === "Allow" ? "allow" : "deny",
      methods: operation?.methods ?? [],
      path: operation?.path && {
        match: this.#compilePath(operation.path),
        invert: operation.path.invert ?? false,
      },
      clientCidrs: clientCIDRs?.map((cidr, index) => this.#compileCidr(cidr, index)),
      headers: headers.map((header) => ({ name: header.name.toLowerCase(), values: header.values })),
      jwt: jwt && {
        provider: jwt.provider,
        claims: (jwt.claims ?? []).map(({ name: claim, valueType, values }) => ({
          claim,
          list: valueType === "StringArray",
          values,
        })),
        scopes: jwt.scopes ?? [],
      },
      cel,
    };
    return this.#isUsable ? rule : undefined;
  }

  #compilePath({ type, value }: ApiPath): PathMatch {
    if (type === "RegularExpression") {
      const regex = compileRegex(value);
      if (regex.kind === "error") {
        this.#refuse(
          "/operation/path/value",
          `The expression ${JSON.stringify(value)} cannot be used: ${regex.message}`,
          regex.fix,
        );
      }
      return { kind: "regex", value };
    }
    const bytes = Buffer.from(value, "latin1");
    const normal = value.startsWith("/") ? normalizePath(bytes, 0, bytes.length) : 0;
    if (typeof normal === "number") {
      this.#refuse(
        "/operation/path/value",
        `No request has the path ${JSON.stringify(value)}`,
        "Write a path that begins with /.",
      );
      return { kind: "exact", value };
    }
    if (type === "Exact") return { kind: "exact", value: normal.path };
    return { kind: "prefix", value: normal.path.replace(/\/+$/, "") || "/" };
  }

  #compileCidr(text: string, index: number): string {
    const cidr = parseCidr(text);
    if (cidr === undefined) {
      this.#refuse(
        `/principal/clientCIDRs/${index}`,
        `${JSON.stringify(text)} is not a network`,
        "Write a network such as 10.0.0.0/8 or 2001:db8::/32.",
      );
    }
    return cidr?.text ?? text;
  }

  #checkCel(expression: string): void {
    const compiled = compileCel(expression, celVariables);
    if (compiled.kind === "expression") return;
    this.#refuse(
      "/cel",
      `The expression cannot be used: ${compiled.message}`,
      `Correct it. It may name ${celVariables.join(", ")}.`,
    );
  }

  /** A rule about tokens that nobody verifies would never match. */
  #checkProvider(provider: string): void {
    const jwt = this.#scope.sibling("jwt") as
      | { readonly providers?: readonly { readonly name?: unknown }[] }
      | undefined;
    if (jwt?.providers?.some(({ name }) => name === provider) === true) return;
    this.#refuse(
      "/principal/jwt/provider",
      `jwt has no provider ${JSON.stringify(provider)}`,
      "Name one of the providers under jwt, or add it there.",
    );
  }

  #refuse(field: string, message: string, fix: string): void {
    this.#isUsable = false;
    const ending = "; requests get 500 until it is corrected.";
    this.#scope.report("authorization-rule-unusable", `${this.#field}${field}`, {
      message: `${message}${ending}`,
      fix,
    });
  }
}
