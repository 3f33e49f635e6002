import { sameJson } from "../base/same-json.ts";
import type { BuiltFilter } from "../filter/contract/build.ts";
import type { FilterHook, FilterPhase, HookOf } from "../filter/contract/hook.ts";
import type { PlacedFilter } from "../ir/filter.ts";
import { Dependencies, filterServices, type ModelTables } from "./filter-services.ts";
import type { PlaneContext } from "./plane-context.ts";

/** A hook and the number that its filter has in the chain. */
export type ChainStep<H> = { readonly hook: H; readonly filter: number };

/** A filter that was built, and what of. */
type RunningFilter = {
  readonly placed: PlacedFilter;
  readonly built: BuiltFilter;
  readonly dependencies: Dependencies;
};

/** Filters of one place, their hooks sorted by phase: a phase without hooks is an empty list. */
export type FilterChain = {
  /** Filters in the chain: as many places are needed for what they keep of an exchange. */
  readonly size: number;
  /** In the order of the filters, content and head by turns: what is behind a hook waits for it. */
  readonly request: readonly ChainStep<HookOf<"request"> | HookOf<"requestContent">>[];
  readonly endpoint: readonly ChainStep<HookOf<"endpoint">>[];
  readonly requestStream: readonly ChainStep<HookOf<"requestStream">>[];
  /** The last filter first, as answers meet them. */
  readonly response: readonly ChainStep<HookOf<"response">>[];
  readonly responseStream: readonly ChainStep<HookOf<"responseStream">>[];
  readonly outcome: readonly ChainStep<HookOf<"outcome">>[];
  readonly claimedTrailers: readonly string[] | "all";
  readonly dependencies: Dependencies;
  readonly filters: readonly RunningFilter[];
};

/** A place without filters. */
export const emptyChain: FilterChain = sortHooks([], []);

export type ChainParts = {
  /** As `FilterServices.place`. */
  readonly place: string;
  readonly tables: ModelTables;
  readonly context: PlaneContext;
  /** What stood in this place before; `undefined`: nothing. */
  readonly previous: FilterChain | undefined;
  /** A filter that is what it was, with all that it refers to, goes on as it is; not when options of the plane have changed. */
  readonly keepsFilters: boolean;
};

/** Builds the filters of one place in their order. `behind` come last, and are of no list. */
export function buildChain(
  placed: readonly PlacedFilter[],
  parts: ChainParts,
  behind: readonly BuiltFilter[] = [],
): FilterChain {
  if (placed.length === 0 && behind.length === 0) return emptyChain;
  const before = matchPrevious(placed, parts.previous?.filters ?? []);
  const filters = placed.map((one, index) => buildFilter(one, before[index], parts));
  return sortHooks(filters, behind);
}

/** The filters of several places one after the other. */
export function joinChains(chains: readonly FilterChain[]): FilterChain {
  const [only = emptyChain] = chains;
  if (chains.length <= 1) return only;
  return sortHooks(
    chains.flatMap(({ filters }) => filters),
    [],
  );
}

function buildFilter(
  placed: PlacedFilter,
  previous: RunningFilter | undefined,
  { place, tables, context, keepsFilters }: ChainParts,
): RunningFilter {
  if (keepsFilters && previous?.dependencies.hold(tables) && sameJson(previous.placed, placed)) return previous;
  const dependencies = new Dependencies();
  const services = filterServices({ from: placed.from, place }, { tables, dependencies }, context);
  return { placed, built: context.buildFilter(placed.filter, services, previous?.built.carried), dependencies };
}

/** For each filter the one whose place it takes: the same one; for those that are new, the first of their kind that is left. */
function matchPrevious(
  placed: readonly PlacedFilter[],
  before: readonly RunningFilter[],
): readonly (RunningFilter | undefined)[] {
  const left = new Set(before);
  const take = (isIt: (one: RunningFilter) => boolean): RunningFilter | undefined => {
    const found = left.values().find(isIt);
    if (found !== undefined) left.delete(found);
    return found;
  };
  const same = placed.map(({ filter }) => take((one) => sameJson(one.placed.filter, filter)));
  return placed.map(({ filter }, index) => same[index] ?? take((one) => one.placed.filter.kind === filter.kind));
}

function sortHooks(filters: readonly RunningFilter[], behind: readonly BuiltFilter[]): FilterChain {
  const all = [...filters.map(({ built }) => built), ...behind];
  const steps: readonly ChainStep<FilterHook>[] = all.flatMap(({ hooks }, filter) =>
    hooks.map((hook) => ({ hook, filter })),
  );
  const backwards = steps.toSorted((a, b) => b.filter - a.filter);
  const dependencies = new Dependencies();
  for (const one of filters) dependencies.add(one.dependencies);
  return {
    size: all.length,
    request: steps.filter(
      (step): step is ChainStep<HookOf<"request"> | HookOf<"requestContent">> =>
        step.hook.phase === "request" || step.hook.phase === "requestContent",
    ),
    endpoint: ofPhase(steps, "endpoint"),
    requestStream: ofPhase(steps, "requestStream"),
    response: ofPhase(backwards, "response"),
    responseStream: ofPhase(backwards, "responseStream"),
    outcome: ofPhase(steps, "outcome"),
    claimedTrailers: all.some(({ claimedTrailers }) => claimedTrailers === "all")
      ? "all"
      : all.flatMap(({ claimedTrailers }) => claimedTrailers),
    dependencies,
    filters,
  };
}

function ofPhase<P extends FilterPhase>(
  steps: readonly ChainStep<FilterHook>[],
  phase: P,
): readonly ChainStep<HookOf<P>>[] {
  return steps.filter((step): step is ChainStep<HookOf<P>> => step.hook.phase === phase);
}
