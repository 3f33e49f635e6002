/** The parts of `docs/reference/tls.md` that are made from tables. */

import { tlsOptions } from "../../src/compile/tls/tls-options.ts";
import { cipherSuites, keyExchangeGroups } from "../../src/ir/tls-profile.ts";

/** Keys of `tls.options`. */
export function renderTlsOptions(): string {
  const rows = Object.entries(tlsOptions).map(([key, takes]) => `| \`${key}\` | ${takes} |`);
  return `| option | value |\n| --- | --- |\n${rows.join("\n")}\n`;
}

/** Suites and groups, with the profiles that have them. */
export function renderTlsProfiles(): string {
  const suites = cipherSuites.map(({ name, iana, version, intermediate }) => {
    const profiles = [version === "TLSv1.3" ? "modern" : "", intermediate ? "intermediate" : "", "custom"];
    const other = iana === name ? "" : `\`${iana}\``;
    return `| \`${name}\` | ${other} | ${version.slice(4)} | ${profiles.filter(Boolean).join(", ")} |`;
  });
  const groups = keyExchangeGroups.map(({ name, aliases, intermediate }) => {
    const profiles = intermediate ? "modern, intermediate, custom" : "custom";
    return `| \`${name}\` | ${aliases.map((alias) => `\`${alias}\``).join(", ")} | ${profiles} |`;
  });
  return [
    "| cipher suite | also written as | TLS | profiles |",
    "| --- | --- | --- | --- |",
    ...suites,
    "",
    "| group | also written as | profiles |",
    "| --- | --- | --- |",
    ...groups,
    "",
  ].join("\n");
}
