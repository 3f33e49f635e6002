import type { IssuedCookie } from "../issued-cookie.ts";
import type { Template } from "../template.ts";

/** How the endpoints of a backend take turns. Spec: BackendTrafficPolicy.loadBalancer. */
export type LoadBalancing = {
  readonly turns: Turns;
  /** An endpoint that is new gets a share that grows to its full one over this. 0: it has it at once. Milliseconds. */
  readonly slowStartMs: number;
  readonly zones: ZonePreference;
  /** Headers, lower case, in which a request may name its endpoint as `address:port`; the first that is one wins. */
  readonly overrideHeaders: readonly string[];
};

export type Turns =
  | { readonly kind: "roundRobin" }
  /** The less busy of two picked at random. */
  | { readonly kind: "leastRequest" }
  | { readonly kind: "random" }
  | {
      readonly kind: "consistentHash";
      readonly by: HashSource;
      readonly tableSize: number;
      /**
       * Where a request goes that failed at its endpoint and is repeated: to another one (`other`), to another one to which the
       * client's next cookie leads, too (`move`), or to the same, as long as connections to it come about (`same`).
       */
      readonly afterFailure: "move" | "other" | "same";
    };

/** What of a request decides. A request that has nothing of it goes anywhere. */
export type HashSource =
  | { readonly kind: "sourceAddress" }
  /** Lower case; all that are there count. */
  | { readonly kind: "headers"; readonly names: readonly string[] }
  | { readonly kind: "queryParams"; readonly names: readonly string[] }
  | {
      readonly kind: "cookie";
      readonly name: string;
      /** The cookie that is made for a client without one. `undefined`: none is made. */
      readonly issued: IssuedCookie | undefined;
    }
  /** What a template reads for it; nothing, too, has a hash. */
  | { readonly kind: "template"; readonly template: Template };

export type ZonePreference =
  | { readonly kind: "none" }
  /** Endpoints in the gateway's own zone, while there are enough of them. */
  | {
      readonly kind: "local";
      /** Endpoints of the backend below which zones are ignored. */
      readonly minEndpoints: number;
      /** Endpoints in the own zone that are enough whatever the share of it; 0: the zone gets no more than its share. */
      readonly forceMinEndpoints: number;
      /** Share of requests that keep to the zone. 0 to 100. */
      readonly percent: number;
    }
  /** Shares of the zones; zones that are not named have a share of 1. */
  | { readonly kind: "weighted"; readonly weights: Readonly<Record<string, number>> };
