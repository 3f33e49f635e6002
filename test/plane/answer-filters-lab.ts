/** One rule with filters of the model, in a plane between a client and a backend of each protocol. */
import type { Filter, HeaderChanges } from "../../src/ir/filter.ts";
import { parseTemplate, type Template, type TemplateUse } from "../../src/ir/template.ts";
import { type Arrived, type BackendAnswer, LabBackend, type Pair, startLab } from "./filter-lab.ts";
import type { PlaneFixture } from "./plane-fixture.ts";

export type FilterLab = AsyncDisposable & {
  readonly port: number;
  readonly app: LabBackend;
  /** The backend `demo/other:80`, which filters may name. */
  readonly other: LabBackend;
  readonly proxy: PlaneFixture;
};

export async function startFilters(
  { backend }: Pick<Pair, "backend">,
  filters: readonly Filter[],
  answer: (request: Arrived) => BackendAnswer = () => ({}),
  others: (request: Arrived) => BackendAnswer = () => ({}),
): Promise<FilterLab> {
  const app = await LabBackend.start(backend, answer);
  const other = await LabBackend.start("http1", others);
  const proxy = await startLab(
    { protocol: backend, port: app.port },
    {},
    { rule: { filters }, others: [{ name: "other", ports: [other.port] }] },
  );
  return {
    port: proxy.port,
    app,
    other,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** The template that a text stands for; throws for a text that is none. */
export function template(text: string, use: TemplateUse = "response"): Template {
  const parsed = parseTemplate(text, use);
  if (parsed.kind === "error") throw new Error(parsed.message);
  return parsed.template;
}

const none: HeaderChanges = { set: [], add: [], addIfAbsent: [], remove: [], removeOnMatch: [] };

/** A filter that changes headers. */
export function mutation(request: Partial<HeaderChanges>, response: Partial<HeaderChanges> = {}): Filter {
  return { kind: "headerMutation", request: { ...none, ...request }, response: { ...none, ...response } };
}
