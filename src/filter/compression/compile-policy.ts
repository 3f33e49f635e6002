import { byteSize } from "../../base/byte-size.ts";
import type { CompressionEncoding, Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type Compressions = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["compressor"]>;

const encodings: Readonly<Record<Compressions[number]["type"], CompressionEncoding>> = {
  Gzip: "gzip",
  Brotli: "br",
  Zstd: "zstd",
};

/** Spec: Compression.minContentLength of Envoy Gateway. */
const defaultMinBytes = 30;

/** Compiles `BackendTrafficPolicy.spec.compressor`, and `compression`, its name before. Of two rows for an encoding the first counts. */
export function compileCompressionPolicy(rows: Compressions): readonly Filter[] {
  const byEncoding = new Map<CompressionEncoding, number>();
  for (const { type, minContentLength } of rows) {
    const encoding = encodings[type];
    if (byEncoding.has(encoding)) continue;
    byEncoding.set(encoding, minContentLength === undefined ? defaultMinBytes : (byteSize(minContentLength) ?? 0));
  }
  if (byEncoding.size === 0) return [];
  return [{ kind: "compression", encodings: [...byEncoding].map(([encoding, minBytes]) => ({ encoding, minBytes })) }];
}
