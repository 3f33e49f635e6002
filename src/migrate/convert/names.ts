/** Names of what conversion writes: told by what they are for, the same in every run, and never two alike of a kind in a namespace. */

import { hashText } from "../../base/hash.ts";

/** A hostname as a part of names: `*.shop.test` is `wildcard-shop-test`, every host is `any`. */
export function hostSlug(hostname: string): string {
  if (hostname === "") return "any";
  return slug(hostname.replace(/^\*\./, "wildcard."));
}

/** An Ingress's name without the word that it loses its meaning with: `shop-ingress` is `shop`. */
export function stemOf(ingress: string): string {
  const stem = ingress.replace(/^(?:ingress-|ing-)|(?:-ingress|-ing)$/g, "");
  return stem === "" || stem === "ingress" ? ingress : stem;
}

/** Lower-case letters, digits and hyphens, as labels of DNS names have them. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

/** Longest name of an object or a listener here: that of a label of a DNS name, which every tool takes. */
const longest = 63;

/** Gives out names: the second to ask for one gets it with `-2` behind it. Long names end in a digest of what they lost. */
export class NameTable {
  readonly #taken = new Set<string>();

  /** `scope`: kind and namespace, say, within which names differ. */
  take(scope: string, wanted: string): string {
    const base =
      wanted.length <= longest
        ? wanted
        : `${wanted.slice(0, longest - 7).replace(/[-.]+$/, "")}-${hashText(wanted).slice(0, 6)}`;
    for (let count = 1; ; count++) {
      const name = count === 1 ? base : `${base.slice(0, longest - 4).replace(/[-.]+$/, "")}-${count}`;
      const key = `${scope} ${name}`;
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      return name;
    }
  }
}
