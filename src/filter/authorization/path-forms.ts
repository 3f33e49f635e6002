import { normalizePath } from "../../wire/http1/path.ts";
import type { RequestHead } from "../contract/message.ts";

const escapedSlash = /%2f|%5c/gi;

/**
 * How a backend may read a path otherwise than it is matched: with segments that the listener keeps, and with escaped slashes
 * as slashes, which servers that decode first take them for. RFC 3986 has them apart.
 */
export function otherForms({
  path,
  keptPath,
  spelledPath,
}: Pick<RequestHead, "path" | "keptPath" | "spelledPath">): readonly string[] {
  const forms: string[] = [];
  // Elsewhere what is sent has neither doubled slashes nor dot segments.
  const keeps = spelledPath.includes("//") || spelledPath.includes("/.");
  if (keeps && keptPath !== undefined && keptPath !== path) forms.push(keptPath);
  if (path.includes("%2F") || path.includes("%5C")) {
    const bytes = Buffer.from(path.replace(escapedSlash, "/"), "latin1");
    const decoded = normalizePath(bytes, 0, bytes.length);
    if (typeof decoded !== "number") forms.push(decoded.path);
  }
  return forms;
}
