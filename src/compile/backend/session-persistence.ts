import { durationMs } from "../../base/duration.ts";
import { hashText } from "../../base/hash.ts";
import type { SessionPersistence } from "../../ir/traffic-settings.ts";
import type { Resource } from "../../resource/kinds.ts";

type ApiSessionPersistence = NonNullable<Resource<"XBackend">["spec"]["sessionPersistence"]>;

/**
 * Compiles session persistence. A cookie without a name gets one made from `owner`, which names the rule or backend: the
 * same on every compilation and every gateway, and telling clients nothing. Spec: SessionPersistence (GEP-1619).
 */
export function compileSessionPersistence(config: ApiSessionPersistence, owner: string): SessionPersistence {
  const kind = config.type === "Header" ? "header" : "cookie";
  const generated = `sluice-${hashText(owner).slice(0, 8)}`;
  return {
    kind,
    name: kind === "header" ? (config.header?.name ?? generated).toLowerCase() : (config.cookie?.name ?? generated),
    absoluteTimeoutMs: durationMs(config.absoluteTimeout ?? "") ?? 0,
    permanent: config.cookie?.lifetimeType === "Permanent",
    cookiePath: config.cookie?.path || "/",
  };
}
