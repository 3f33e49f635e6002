import { cipherSuites, intermediateSuites } from "../../ir/tls-profile.ts";

/** Suites of TLS 1.2 that a list asks for, in its order, and those of its words that mean nothing here. */
export type OpensslSuites = { readonly suites: readonly string[]; readonly unknown: readonly string[] };

const ofTls12 = cipherSuites.filter(({ version }) => version === "TLSv1.2").map(({ name }) => name);
const usual = ofTls12.filter((name) => intermediateSuites.includes(name));
export const suitesOfTls13: readonly string[] = cipherSuites.flatMap(({ version, name }) =>
  version === "TLSv1.3" ? [name] : [],
);

/** What words of OpenSSL's stand for, of the suites that can be served: all of those have ECDHE. */
const kinds: ReadonlyMap<string, (suite: string) => boolean> = new Map([
  ...["ALL", "DEFAULT", "HIGH", "ECDHE", "EECDH", "kECDHE", "kEECDH"].map((word) => [word, () => true] as const),
  ["AESGCM", (suite: string) => suite.includes("GCM")],
  ["AES", (suite: string) => suite.includes("AES")],
  ["AES128", (suite: string) => suite.includes("AES128")],
  ["AES256", (suite: string) => suite.includes("AES256")],
  ["CHACHA20", (suite: string) => suite.includes("CHACHA20")],
  ["aRSA", (suite: string) => suite.includes("RSA")],
  ["aECDSA", (suite: string) => suite.includes("ECDSA")],
  ["ECDSA", (suite: string) => suite.includes("ECDSA")],
  ["SHA", (suite: string) => /-SHA$/.test(suite)],
  ["SHA1", (suite: string) => /-SHA$/.test(suite)],
]);

/**
 * Reads a list of OpenSSL's: names of suites, kinds of them such as `HIGH` and `ECDHE+AESGCM` (of the intermediate profile), and
 * `!` before what is not to be used. What leaves out suites that are never served needs no meaning. Spec: openssl-ciphers.
 */
export function readOpensslSuites(list: string): OpensslSuites {
  const suites: string[] = [];
  const unknown: string[] = [];
  const banned = new Set<string>();
  for (const word of list.split(/[:, ]+/).filter((text) => text !== "")) {
    const [, mark = "", text = ""] = /^([!+-]?)(.*)$/.exec(word) ?? [];
    if (text.startsWith("@") || mark === "+" || suitesOfTls13.includes(text)) continue;
    const meant = suitesOf(text);
    if (mark !== "") for (const suite of meant ?? []) banned.add(suite);
    else if (meant === undefined) unknown.push(word);
    else suites.push(...meant);
  }
  return { suites: [...new Set(suites)].filter((suite) => !banned.has(suite)), unknown };
}

function suitesOf(text: string): readonly string[] | undefined {
  if (ofTls12.includes(text)) return [text];
  const tests = text.split("+").map((part) => kinds.get(part));
  if (tests.some((test) => test === undefined)) return undefined;
  return usual.filter((suite) => tests.every((test) => test!(suite)));
}
