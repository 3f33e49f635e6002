import type { ResponseHead } from "../contract/message.ts";

/** Types that become smaller. Images, video and archives are compressed as they are; event streams must not wait. */
const types: ReadonlySet<string> = new Set([
  "application/atom+xml",
  "application/geo+json",
  "application/graphql",
  "application/javascript",
  "application/json",
  "application/ld+json",
  "application/manifest+json",
  "application/problem+json",
  "application/problem+xml",
  "application/rss+xml",
  "application/vnd.api+json",
  "application/vnd.ms-fontobject",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/xhtml+xml",
  "application/xml",
  "application/yaml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/svg+xml",
  "image/x-icon",
  "text/calendar",
  "text/css",
  "text/csv",
  "text/html",
  "text/javascript",
  "text/markdown",
  "text/plain",
  "text/vcard",
  "text/vtt",
  "text/xml",
]);

/** Fields that say of the bytes what would not hold of others. */
const digests = ["content-md5", "content-digest", "digest"] as const;

/** Whether an answer's content may be encoded at all, whatever the client accepts. */
export function isCompressible(response: ResponseHead): boolean {
  const { status } = response;
  // Parts of a content are parts of its bytes.
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  const type = response.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === undefined || !types.has(type)) return false;
  const encoding = response.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") return false;
  if (response.header("content-range") !== undefined) return false;
  const cacheControl = response.header("cache-control");
  if (cacheControl !== undefined && /(^|[\s,])no-transform($|[\s,;])/i.test(cacheControl)) return false;
  return digests.every((name) => response.header(name) === undefined);
}
