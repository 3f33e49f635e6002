import { normalizePath } from "../wire/http1/path.ts";

/** The form of a path that the data plane matches and forwards; `undefined` when it refuses such a request. */
export function normalizePathText(path: string): string | undefined {
  const bytes = Buffer.from(path);
  const normal = normalizePath(bytes, 0, bytes.length);
  return typeof normal === "string" ? normal : undefined;
}
