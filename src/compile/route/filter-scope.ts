/** What the filters' `compile.ts` are given. Types only. */
import type { FindingName } from "../../finding/catalogue.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { FindingText } from "../report/report.ts";

type HttpRule = NonNullable<Resource<"HTTPRoute">["spec"]["rules"]>[number];

/** A filter as the API has it, of a rule or of a backendRef. GRPCRoute's and Listener's are the same with fewer types. */
export type ApiFilter = NonNullable<HttpRule["filters"]>[number];

/** The field that belongs to a filter type. */
export type FilterField<K extends keyof ApiFilter> = NonNullable<ApiFilter[K]>;

/** A reference to a backend without a weight, as mirrors and authorisation servers are named. */
export type BackendObjectReference = FilterField<"requestMirror">["backendRef"];

export interface FilterScope {
  /** JSON pointer of the filter's own field, such as `/spec/rules/0/filters/1/cors`. */
  readonly pointer: string;
  /** What the requests are: those of a GRPCRoute are gRPC. */
  readonly protocol: "http" | "grpc";
  /** Tells of a mistake; `field` is a pointer below {@link FilterScope.pointer}, `""` for the filter itself. */
  report(name: FindingName, field: string, text: FindingText): void;
  /** Resolves a reference at `field`, with its findings. `undefined` when it does not resolve. */
  resolveBackend(ref: BackendObjectReference, field: string, protocol: "http" | "grpc"): ClusterKey | undefined;
}

/** Turns one kind of filter into the model's. Mistakes become findings; what is left of the filter is returned. */
export type FilterCompiler<K extends keyof ApiFilter> = (config: FilterField<K>, scope: FilterScope) => Filter;
