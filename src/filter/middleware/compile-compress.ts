import type { CompressionEncoding } from "../../ir/filter.ts";
import type { CompilePart } from "./compile-part.ts";

const known: Readonly<Record<string, CompressionEncoding>> = { br: "br", gzip: "gzip", zstd: "zstd" };

/** Spec: Compress of Traefik, which prefers them in this order. */
const defaultEncodings = ["zstd", "br", "gzip"];
const defaultMinBytes = 1_024;

export const compileCompress: CompilePart<"compress"> = (
  { encodings = defaultEncodings, minResponseBodyBytes },
  scope,
) => {
  const strange = encodings.findIndex((name) => !Object.hasOwn(known, name));
  if (strange >= 0) {
    const message = `${JSON.stringify(encodings[strange])} is no encoding that the gateway can make.`;
    return scope.mistake(`/encodings/${strange}`, { message, fix: "Write gzip, br or zstd." });
  }
  const minBytes = minResponseBodyBytes ?? defaultMinBytes;
  const wanted = [...new Set(encodings)].map((name) => ({ encoding: known[name]!, minBytes }));
  return wanted.length === 0 ? [] : [{ kind: "compression", encodings: wanted }];
};
