import type { CompilePart } from "./compile-part.ts";
import { compileGoReplacement } from "./compile-path.ts";

export const compileRedirectRegex: CompilePart<"redirectRegex"> = (config, scope) => {
  const made = compileGoReplacement(config, scope);
  if (made === undefined) return undefined;
  const permanence = config.permanent ? "permanent" : "temporary";
  return [{ kind: "urlRedirect", target: { to: "substitution", ...made }, permanence }];
};

export const compileRedirectScheme: CompilePart<"redirectScheme"> = (config, scope) => {
  const { scheme = "", port = "", permanent = false, forcePermanentRedirect = false } = config;
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    const message = scheme === "" ? "There is no scheme." : `${JSON.stringify(scheme)} is not a scheme.`;
    return scope.mistake("/scheme", { message, fix: "Write `https` or `http`." });
  }
  if (port !== "" && (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)) {
    const message = `${JSON.stringify(port)} is not a port.`;
    return scope.mistake("/port", { message, fix: 'Write a number from 1 to 65535, such as `"443"`.' });
  }
  const target = { to: "scheme", scheme, port: port === "" ? undefined : Number(port) } as const;
  const permanence = forcePermanentRedirect ? "alwaysPermanent" : permanent ? "permanent" : "temporary";
  return [{ kind: "urlRedirect", target, permanence }];
};
