/** What the filters' `compile.ts` are given. Types only. */
import type { FindingName } from "../../finding/catalogue.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import type { Filter } from "../../ir/filter.ts";
import type { SecretKey } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { FindingText } from "../report/report.ts";
import type { FilterPartScope } from "./part-scope.ts";

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
  /** Resolves a reference at `field`, with its findings. `tls`: bytes, over TLS where a BackendTLSPolicy says so. `undefined` when it does not resolve. */
  resolveBackend(ref: BackendObjectReference, field: string, use: "http" | "grpc" | "tls"): ClusterKey | undefined;
}

/** Of filters that refer to filter objects. */
export interface ExtensionScope extends FilterScope, FilterFinder {}

/** Kinds of objects that rules may refer to as filters. */
export type ExtensionKind = "HTTPRouteFilter" | "Middleware";

/** A reference to a filter object; without a namespace it is in the referrer's own. */
export type FilterReference = FilterField<"extensionRef"> & { readonly namespace?: string };

export interface FilterFinder {
  /** The filter object that a reference names: an HTTPRouteFilter of either group, or a kind of another gateway. */
  findFilter(ref: FilterReference): ExtensionFilter | "missing" | "notPermitted" | "unknownKind";
}

/** A reference to a Secret or a ConfigMap; without a namespace it is in that of the object which refers to it. */
export type ObjectName = { readonly name: string; readonly namespace?: string };

/** An entry of a Secret: what it is called in the model, and its content, which must not get into the model or a finding. */
export type SecretValue = { readonly key: SecretKey; readonly bytes: Buffer };

/** Reads what a field refers to. */
export interface ObjectReaders {
  /**
   * Reads one entry of a Secret. `key`: names it in the model. `undefined`, with a finding, when the reference is not permitted,
   * or there is no such Secret or entry: whoever needs it to let somebody in lets nobody in.
   */
  readSecret(ref: ObjectName, entry: string, field: string): SecretValue | undefined;
  /** Names of the entries of a Secret, sorted. `undefined`, with a finding, as {@link ObjectReaders.readSecret}. */
  entriesOfSecret(ref: ObjectName, field: string): readonly string[] | undefined;
  /** Reads one entry of a ConfigMap. `undefined`, with a finding, as {@link ObjectReaders.readSecret}. */
  readConfigMap(ref: ObjectName, entry: string, field: string): string | undefined;
}

/** Of filters and features that may refer to Secrets and ConfigMaps. */
export type ReaderScope = FilterScope & ObjectReaders;

/** The settings of a filter object. */
export type HttpRouteFilterSpec = Resource<"HTTPRouteFilter">["spec"];

type HeaderMutation = NonNullable<NonNullable<HttpRouteFilterSpec["headerMutation"]>["request"]>;

/** A comparison with text, as policies and filter objects have it. */
export type StringMatch = NonNullable<HeaderMutation["removeOnMatch"]>[number];

/** A filter object that a reference names, and what its fields are compiled with. */
export type ExtensionFilter = { readonly [K in ExtensionKind]: FilterObject<K> }[ExtensionKind];

export type FilterObject<K extends ExtensionKind> = FilterFinder & {
  readonly kind: K;
  readonly filter: Resource<K>;
  /** It can be honoured without the fields that are not served; findings have told of those. */
  readonly isServed: boolean;
  /** For the field at a JSON pointer in the object. */
  readonly partScope: (pointer: string) => FilterPartScope;
};

/** Turns one kind of filter into the model's. Mistakes become findings; what is left of the filter is returned. */
export type FilterCompiler<K extends keyof ApiFilter> = (config: FilterField<K>, scope: FilterScope) => Filter;
