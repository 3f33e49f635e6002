import { durationMs } from "../../base/duration.ts";
import { hashText } from "../../base/hash.ts";
import { plainCookie } from "../../ir/issued-cookie.ts";
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
  const absoluteTimeoutMs = durationMs(config.absoluteTimeout ?? "") ?? 0;
  const isPermanent = config.cookie?.lifetimeType === "Permanent" && absoluteTimeoutMs > 0;
  return {
    kind,
    name: kind === "header" ? (config.header?.name ?? generated).toLowerCase() : (config.cookie?.name ?? generated),
    absoluteTimeoutMs,
    issued:
      kind === "header"
        ? undefined
        : {
            ...plainCookie,
            maxAgeSeconds: isPermanent ? Math.ceil(absoluteTimeoutMs / 1_000) : undefined,
            path: config.cookie?.path || "/",
            secure: "onHttps",
            sameSite: "Lax",
          },
    afterFailure: "other",
  };
}
