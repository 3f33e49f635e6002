/** One filter in front of a backend, with the entries of Secrets that it refers to. */
import type { Filter } from "../../src/ir/filter.ts";
import type { SecretMaterial } from "../../src/ir/secret-table.ts";
import type { Pair } from "./filter-lab.ts";
import { LabBackend } from "./filter-lab.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";

export type Guarded = AsyncDisposable & {
  readonly gateway: PlaneFixture;
  readonly backend: LabBackend;
  /** Serves other entries from now on. */
  readonly replaceSecrets: (entries: Readonly<Record<string, string>>) => Promise<void>;
};

export async function startGuarded(
  pair: Pair,
  filters: readonly Filter[],
  entries: Readonly<Record<string, string>>,
): Promise<Guarded> {
  const backend = await LabBackend.start(pair.backend, () => ({ pieces: ["served"] }));
  const backends = [{ name: "app", ports: [backend.port], cluster: { protocol: pair.backend } }];
  const update = (texts: Readonly<Record<string, string>>) =>
    buildUpdate([{ name: "http", port: 80, rules: [{ name: "app", filters, backends }] }], tableOf(texts));
  const gateway = await startPlane(update(entries));
  return {
    gateway,
    backend,
    replaceSecrets: async (texts) => {
      await gateway.plane.apply({ ...update(texts), generation: 2 });
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

function tableOf(entries: Readonly<Record<string, string>>): ReadonlyMap<string, SecretMaterial> {
  return new Map(
    Object.entries(entries).map(([key, text]) => [
      key,
      { kind: "opaque", bytesBase64: Buffer.from(text).toString("base64") },
    ]),
  );
}
