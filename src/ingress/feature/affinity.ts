import { acceptedText, acceptedWord, matching } from "../accepted-text.ts";
import { type AnnotationRow, annotationRow } from "../annotation.ts";
import type { IngressFeature } from "../feature.ts";

/** A cookie that brings a client back to its endpoint. */
export type Affinity = {
  /** `balanced`: by a hash, so that some clients move when endpoints come. `persistent`: the cookie names the endpoint. */
  readonly mode: "balanced" | "persistent";
  readonly name: string;
  /** `""`: the path of the location as the Ingress writes it, a regular expression too. */
  readonly path: string;
  /** `""`: none. */
  readonly domain: string;
  /** `undefined`: no such attribute. May be negative. Seconds from now. */
  readonly expiresSeconds: number | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly sameSite: "Lax" | "None" | "Strict" | undefined;
  /** On http, too; on https it always is. */
  readonly secure: boolean;
  /** After a failed attempt the client gets another endpoint; otherwise all attempts are at its own. */
  readonly changeOnFailure: boolean;
};

const conditionalSameSite: AnnotationRow = {
  ...annotationRow(
    "session-cookie-conditional-samesite-none",
    "Low",
    "Keeps SameSite=None from browsers that misread it.",
    "false",
  ),
  handling: {
    kind: "noEffect",
    because: "The browsers that misread SameSite=None are of 2019 and older; all get the attribute.",
  },
};

/**
 * Annotations: affinity, affinity-mode, session-cookie-name, session-cookie-path, session-cookie-domain, session-cookie-expires,
 * session-cookie-max-age, session-cookie-samesite, session-cookie-conditional-samesite-none, session-cookie-secure,
 * session-cookie-change-on-failure.
 */
export const affinity: IngressFeature<Affinity | undefined> = {
  annotations: [
    annotationRow("affinity", "Low", "With cookie, clients come back to the endpoint that they had."),
    annotationRow(
      "affinity-mode",
      "Medium",
      "Whether some clients move when endpoints come (balanced) or none (persistent).",
      "balanced",
    ),
    annotationRow("session-cookie-name", "Medium", "Name of the cookie.", "INGRESSCOOKIE"),
    annotationRow("session-cookie-path", "Medium", "Path of the cookie.", "the path of the location as it is written"),
    annotationRow("session-cookie-domain", "Medium", "Domain of the cookie."),
    annotationRow("session-cookie-expires", "Medium", "Seconds until the cookie expires, as its attribute Expires."),
    annotationRow("session-cookie-max-age", "Medium", "Seconds until the cookie expires, as its attribute Max-Age."),
    annotationRow("session-cookie-samesite", "Low", "SameSite of the cookie: None, Lax or Strict."),
    conditionalSameSite,
    annotationRow(
      "session-cookie-secure",
      "Low",
      "Whether the cookie is Secure on http, too; on https it always is.",
      "false",
    ),
    annotationRow(
      "session-cookie-change-on-failure",
      "Low",
      "Whether a failed attempt gives the client another endpoint.",
      "false",
    ),
  ],
  read: (source) => {
    if (acceptedWord(source, "affinity", ["cookie"]) === undefined) return undefined;
    source.flag("session-cookie-conditional-samesite-none");
    return {
      mode: acceptedWord(source, "affinity-mode", ["balanced", "persistent"]) ?? "balanced",
      name: acceptedText(source, "session-cookie-name", cookieName) ?? "INGRESSCOOKIE",
      path: acceptedText(source, "session-cookie-path", cookiePath) ?? "",
      domain: acceptedText(source, "session-cookie-domain", cookieDomain) ?? "",
      expiresSeconds: source.integer("session-cookie-expires"),
      maxAgeSeconds: source.integer("session-cookie-max-age"),
      sameSite: acceptedWord(source, "session-cookie-samesite", ["Lax", "None", "Strict"]),
      secure: source.flag("session-cookie-secure") ?? false,
      changeOnFailure: source.flag("session-cookie-change-on-failure") ?? false,
    };
  },
};

/** As ingress-nginx, but for `/` and `:`, which no browser takes. */
const cookieName = matching(/^[\w.~-]+$/, "a name of letters, digits and . _ ~ -");
const cookiePath = matching(/^[\w.~/:?&=-]+$/, "a path of letters, digits and . _ ~ - / : ? & =");
const cookieDomain = matching(/^[\w.~/:-]+$/, "a domain name");
