import { normalizePath } from "../../wire/http1/path.ts";
import type { RequestHead } from "../contract/message.ts";

/**
 * How backends may read a path otherwise than it is matched: with segments that the listener keeps, with escaped slashes as
 * slashes, which servers that decode first take them for, and without path parameters, which servlet containers cut. RFC 3986
 * has them apart. `undefined`: some could not read it at all.
 */
export function otherForms({
  path,
  keptPath,
  spelledPath,
}: Pick<RequestHead, "path" | "keptPath" | "spelledPath">): readonly string[] | undefined {
  // Elsewhere what is sent has neither doubled slashes nor dot segments.
  const keeps = spelledPath.includes("//") || spelledPath.includes("/.");
  const hasEscapes = path.includes("%2F") || path.includes("%5C");
  const hasParameters = path.includes(";");
  if (!keeps && !hasEscapes && !hasParameters) return none;
  const forms = [path, ...(keeps && keptPath !== undefined ? [keptPath] : [])];
  if (hasEscapes) forms.push(...forms.map((form) => form.replace(/%2F|%5C/g, "/")));
  if (hasParameters) forms.push(...forms.map((form) => form.replace(/;[^/]*/g, "")));
  const normal = forms.slice(1).map((form) => (form === keptPath ? form : normalPath(form)));
  return normal.every((form) => form !== undefined) ? normal : undefined;
}

const none: readonly string[] = [];

function normalPath(form: string): string | undefined {
  const bytes = Buffer.from(form, "latin1");
  const normal = normalizePath(bytes, 0, bytes.length);
  return typeof normal === "number" ? undefined : normal.path;
}
