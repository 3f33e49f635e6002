import type { PathForms } from "../admin/explain-request.ts";
import { faultOf } from "../wire/http1/fault.ts";
import { normalizePath } from "../wire/http1/path.ts";

/** The forms of a path that the data plane matches and forwards, or why it refuses such a request. */
export function normalizePathText(path: string): PathForms {
  const bytes = Buffer.from(path);
  const normal = normalizePath(bytes, 0, bytes.length);
  if (typeof normal === "number") return faultOf(normal);
  const { path: matched, forwardedPath, keptPath, sentPath } = normal;
  if (sentPath === matched) return { path: matched };
  return { path: matched, spelling: { forwardedPath, ...(keptPath === undefined ? {} : { keptPath }), sentPath } };
}
