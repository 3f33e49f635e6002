import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { withoutLineEnd } from "../../ir/secret-text.ts";

type CredentialInjection = NonNullable<HttpRouteFilterSpec["credentialInjection"]>;

/**
 * Compiles `HTTPRouteFilter.spec.credentialInjection`. `undefined`, with a finding, when there is no credential or no header can
 * hold it. The header is Authorization unless written.
 */
export function compileCredentialInjection(config: CredentialInjection, scope: PartScope): Filter | undefined {
  const { valueRef } = config.credential;
  const field = "/credential/valueRef";
  const secret = scope.readSecret(valueRef, "credential", field);
  if (secret === undefined) return undefined;
  const value = withoutLineEnd(secret.bytes.toString());
  if (value === "" || !/^[\x21-\x7e\x80-\uffff]([\t\x20-\x7e\x80-\uffff]*[\x21-\x7e\x80-\uffff])?$/.test(value)) {
    return scope.mistake(field, {
      message: `credential of Secret ${valueRef.name} is not the value of a header.`,
      fix: "Write one line, such as `Bearer …`, without spaces around it.",
    });
  }
  return {
    kind: "credentialInjection",
    header: (config.header ?? "Authorization").toLowerCase(),
    overwrite: config.overwrite ?? false,
    credential: secret.key,
  };
}
