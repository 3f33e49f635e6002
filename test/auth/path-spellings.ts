/** Ways to write the path `/admin/keys`, or one that some server takes for it. */
const admin = "/admin/keys";

const escapes = (text: string, indexes: readonly number[]): string =>
  [...text].map((char, index) => (indexes.includes(index) ? `%${char.charCodeAt(0).toString(16)}` : char)).join("");

const before = [
  "/",
  "/./",
  "/.//",
  "/x/../",
  "/x/./../",
  "/x/y/../../",
  "/x//../",
  "/%2e/",
  "/x/%2e%2e/",
  "/x/.%2e/",
  "/x/%2E./",
];
const inside = ["//", "/./", "/%2e/", "/x/../", "/x/%2e%2e/", "/.//", "/x/y/../../", "///", "/././"];
const behind = [
  "/",
  "//",
  "/.",
  "/./",
  "/..",
  "/../keys",
  "/x/..",
  "/x/%2e%2e",
  ";a=b",
  ";",
  "%20",
  "%09",
  "?",
  "?a=b",
  "?/../x",
  "#",
  ".",
  "..",
  "%00",
  "%0a",
  "%2f",
  "%2F..",
  "%5c",
];

export const pathSpellings: readonly string[] = [
  admin,
  ...before.map((text) => `${text}admin/keys`),
  ...inside.map((text) => `/admin${text}keys`),
  ...behind.map((text) => `${admin}${text}`),
  ...[[1], [2], [1, 2, 3, 4, 5], [7], [7, 8, 9, 10], [5]].map((indexes) => escapes(admin, indexes)),
  ...[[1], [7]].map((indexes) =>
    escapes(admin, indexes).toUpperCase().replace("ADMIN", "admin").replace("KEYS", "keys"),
  ),
  "/%61%64%6D%69%6E/%6b%65%79%73",
  "/%2561dmin/keys",
  "/%252e/admin/keys",
  "/ADMIN/keys",
  "/Admin/Keys",
  "/admin\\keys",
  "\\admin\\keys",
  "/\\admin/keys",
  "/x\\..\\admin/keys",
  "/x/..\\admin/keys",
  "/x/..;/admin/keys",
  "/x/..;a=b/admin/keys",
  "/.;/admin/keys",
  "/;/admin/keys",
  "/;a/admin/keys",
  "/admin;a=b/keys",
  "/admin;/keys",
  "/x/..%2fadmin/keys",
  "/x/..%2Fadmin%2fkeys",
  "/x%2f..%2fadmin/keys",
  "/x%2f../admin/keys",
  "/x/%2e%2e%2fadmin/keys",
  "/x/%2e%2e%5cadmin/keys",
  "/%2fadmin/keys",
  "/%5cadmin/keys",
  "/admin%2fkeys",
  "/admin%5ckeys",
  "/%c0%ae/admin/keys",
  "/x/%c0%ae%c0%ae/admin/keys",
  "/x/%u002e%u002e/admin/keys",
  "/x/..%00/admin/keys",
  "/x/..%0d/admin/keys",
  "/../admin/keys",
  "/../../admin/keys",
  "/%2e%2e/admin/keys",
  "admin/keys",
  "./admin/keys",
  "//admin//keys",
  "///admin/keys",
  "//app.example.test/admin/keys",
  "http://app.example.test/admin/keys",
  "http://other.example.test/admin/keys",
  "HTTP://APP.EXAMPLE.TEST/%61dmin/keys",
  "https://app.example.test//admin/keys",
  "http://app.example.test:80/x/../admin/keys",
  "http://user@app.example.test/admin/keys",
  "http:admin/keys",
  "/?/../admin/keys",
  "/x?/admin/keys",
  "/x#/../admin/keys",
];

/**
 * What servers make of a target: `strict` follows RFC 3986 and resolves, as most frameworks do; `parameters` cuts path parameters
 * first, as servlet containers do; `decoding` decodes escaped slashes and backslashes too, as nginx does.
 */
export const readers: Readonly<Record<"strict" | "parameters" | "decoding", (target: string) => string>> = {
  strict: (target) => resolve(decodeOnce(pathOf(target), /%(?!2f|5c)[0-9a-f]{2}/gi)),
  parameters: (target) => resolve(decodeOnce(pathOf(target).replace(/;[^/]*/g, ""), /%(?!2f|5c)[0-9a-f]{2}/gi)),
  decoding: (target) => resolve(decodeOnce(pathOf(target), /%[0-9a-f]{2}/gi).replaceAll("\\", "/")),
};

function pathOf(target: string): string {
  return (target.replace(/^[a-z]+:\/\/[^/]*/i, "").split(/[?#]/, 1)[0] ?? "") || "/";
}

function decodeOnce(path: string, pattern: RegExp): string {
  return path.replace(pattern, (text) => String.fromCharCode(Number.parseInt(text.slice(1), 16)));
}

function resolve(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

/** Whether a reader takes the target for the guarded path, or for one below or above it that is guarded, too. */
export function isGuarded(path: string): boolean {
  return path === "/admin" || path.startsWith("/admin/");
}
