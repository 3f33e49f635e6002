import type { SelectRequest } from "../ir/select.ts";
import { normalizePath } from "../wire/http1/path.ts";

/** The forms of a path that the data plane matches and forwards; `undefined` when it refuses such a request. */
export function normalizePathText(path: string): Pick<SelectRequest, "path" | "spelling"> | undefined {
  const bytes = Buffer.from(path);
  const normal = normalizePath(bytes, 0, bytes.length);
  if (typeof normal === "number") return undefined;
  const { path: matched, forwardedPath, keptPath, sentPath } = normal;
  if (sentPath === matched) return { path: matched };
  return { path: matched, spelling: { forwardedPath, ...(keptPath === undefined ? {} : { keptPath }), sentPath } };
}
