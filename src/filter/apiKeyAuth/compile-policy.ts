import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import { clientsByKey } from "../../ir/clients-by-key.ts";
import type { ApiClient, ApiKeySource, Filter } from "../../ir/filter.ts";
import { withoutLineEnd } from "../../ir/secret-text.ts";
import type { Resource } from "../../resource/kinds.ts";

type ApiKeyAuth = NonNullable<Resource<"SecurityPolicy">["spec"]["apiKeyAuth"]>;

/**
 * Compiles `SecurityPolicy.spec.apiKeyAuth`. Clients of Secrets that do not resolve do not come in. The key is passed on unless
 * `sanitize` is written.
 */
export function compileApiKeyAuthPolicy(config: ApiKeyAuth, scope: FeatureScope): readonly Filter[] {
  const clients: ApiClient[] = [];
  const keys: (readonly [id: string, key: string])[] = [];
  for (const [index, ref] of config.credentialRefs.entries()) {
    const field = `/credentialRefs/${index}`;
    for (const id of scope.entriesOfSecret(ref, field) ?? []) {
      const value = scope.readSecret(ref, id, field);
      if (value === undefined) continue;
      clients.push({ id, key: value.key });
      keys.push([id, withoutLineEnd(value.bytes.toString())]);
    }
  }
  reportClients(keys, scope);
  return [
    {
      kind: "apiKeyAuth",
      clients,
      sources: config.extractFrom.flatMap(({ headers = [], params = [], cookies = [] }): readonly ApiKeySource[] => [
        ...headers.map((name) => ({ in: "header", name: name.toLowerCase() }) as const),
        ...params.map((name) => ({ in: "query", name }) as const),
        ...cookies.map((name) => ({ in: "cookie", name }) as const),
      ]),
      clientHeader: config.forwardClientIDHeader?.toLowerCase(),
      hidesKey: config.sanitize ?? false,
    },
  ];
}

function reportClients(keys: readonly (readonly [id: string, key: string])[], scope: FeatureScope): void {
  const { sharing, repeated } = clientsByKey(keys);
  for (const ids of sharing) {
    scope.report("api-key-shared", "/credentialRefs", {
      message: `Clients ${ids.join(", ")} have the same API key, so it lets none of them in.`,
      fix: "Give each client a key of its own.",
    });
  }
  for (const id of repeated) {
    scope.report("api-client-repeated", "/credentialRefs", {
      message: `Client ${id} is in more than one of the Secrets; the key in the first one counts.`,
      fix: "Keep the client in one Secret.",
    });
  }
}
