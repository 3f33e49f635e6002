import { type BuildFilter, built, type FilterOfKind } from "../contract/build.ts";
import { onResponse } from "../contract/hook.ts";

type Rewrites = FilterOfKind<"responseRewrite">;

/**
 * Rewrites what a backend's answer says of places: the beginning of Location, Content-Location and Refresh, and the domain and
 * path of cookies. Answers of the gateway's own are left alone. As nginx's proxy_redirect and proxy_cookie_*.
 */
export const buildResponseRewrite: BuildFilter<"responseRewrite"> = (rewrites) =>
  built(
    onResponse((response) => {
      if (response.source !== "backend") return undefined;
      if (rewrites.location.length > 0) {
        for (const name of ["location", "content-location"]) {
          const value = response.header(name);
          const rewritten = value && rewriteLocation(value, rewrites);
          if (rewritten !== undefined && rewritten !== value) response.setHeader(name, rewritten);
        }
      }
      if (rewrites.cookieDomain.length === 0 && rewrites.cookiePath.length === 0) return undefined;
      const cookies = response.headerLines("set-cookie");
      const rewritten = cookies.map((cookie) => rewriteCookie(cookie, rewrites));
      if (rewritten.every((cookie, index) => cookie === cookies[index])) return undefined;
      response.removeHeader("set-cookie");
      for (const cookie of rewritten) response.addHeader("set-cookie", cookie);
      return undefined;
    }),
  );

/**
 * The first row whose `from` the location begins with counts. Of `parts` what follows must begin a new one, so that `http://app`
 * does not stand for `http://app.evil.test`.
 */
export function rewriteLocation(
  location: string,
  { location: rows, manner }: Pick<Rewrites, "location" | "manner">,
): string {
  for (const { from, to } of rows) {
    if (!location.startsWith(from)) continue;
    const rest = location.slice(from.length);
    if (manner === "text") return to + rest;
    if (rest !== "" && !from.endsWith("/") && !/^[/?#]/.test(rest)) continue;
    const rewritten = to.endsWith("/") && rest.startsWith("/") ? to + rest.slice(1) : to + rest;
    // A path that begins with two slashes would name a host to browsers, and so would one with a backslash.
    return /^[/\\]{2}/.test(rewritten) && !/^[/\\]{2}/.test(to) ? `/${rewritten.replace(/^[/\\]+/, "")}` : rewritten;
  }
  return location;
}

/** Attributes that no row is for stay as they are. An empty `to` of a domain takes the attribute out. */
export function rewriteCookie(cookie: string, { cookieDomain, cookiePath, manner }: Rewrites): string {
  const [pair = "", ...attributes] = cookie.split(";");
  const rewritten = attributes.flatMap((attribute) => {
    const [, name = "", value = ""] = /^\s*([^=\s]*)\s*=?\s*(.*?)\s*$/.exec(attribute) ?? [];
    switch (name.toLowerCase()) {
      case "domain": {
        const plain = value.replace(/^\./, "").toLowerCase();
        const row = cookieDomain.find(({ from }) => from === "*" || from === plain);
        if (row === undefined) return [attribute];
        return row.to === "" ? [] : [` ${name}=${manner === "text" && value.startsWith(".") ? "." : ""}${row.to}`];
      }
      case "path": {
        const row = cookiePath.find(({ from }) => (manner === "text" ? value.startsWith(from) : isBelow(value, from)));
        if (row === undefined) return [attribute];
        const rest = value.slice(row.from.length);
        return [` ${name}=${manner === "text" ? row.to + rest : joined(row.to, rest)}`];
      }
      default:
        return [attribute];
    }
  });
  return [pair, ...rewritten].join(";");
}

/** As cookie paths are compared. RFC 6265 §5.1.4. */
function isBelow(path: string, from: string): boolean {
  return path.startsWith(from) && (path.length === from.length || from.endsWith("/") || path[from.length] === "/");
}

function joined(to: string, rest: string): string {
  const path = to.replace(/\/$/, "") + (rest === "" || rest.startsWith("/") ? rest : `/${rest}`);
  return path === "" ? "/" : path;
}
