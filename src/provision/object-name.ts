import { hashText } from "../base/hash.ts";
import type { DataPlane } from "../infrastructure/data-plane.ts";

/** Longest name of a Service and value of a label. RFC 1035 section 2.3.1. */
const labelLimit = 63;
/** `-` and a hash behind the name of a data plane's further Services. */
const suffixLength = 9;

/**
 * The name of a data plane's objects: `<Gateway>-<class>` (GEP-1762) where every kind takes that, otherwise cut, with what is
 * no letter, digit or `-` replaced and a hash of the whole behind it. At most 54 characters, a DNS label (RFC 1035).
 */
export function objectName({ title }: Pick<DataPlane, "title">): string {
  const whole = `${title.name}-${title.className}`;
  const limit = labelLimit - suffixLength;
  if (whole.length <= limit && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(whole)) return whole;
  const start = /^[a-z]/.test(whole) ? whole : `gw-${whole}`;
  const kept = start.replaceAll(/[^-a-z0-9]/g, "-").slice(0, limit - suffixLength);
  return `${kept.replace(/-+$/, "")}-${shortHash(whole)}`;
}

/** Eight hexadecimal digits, for the end of a name. */
export function shortHash(text: string): string {
  return hashText(text).slice(0, suffixLength - 1);
}

/** A name as the value of a label: as it is where that is allowed, otherwise cut and with a hash of the whole behind it. */
export function labelValue(name: string): string {
  if (name.length <= labelLimit) return name;
  return `${name.slice(0, labelLimit - suffixLength).replace(/[^A-Za-z0-9]+$/, "")}-${shortHash(name)}`;
}
