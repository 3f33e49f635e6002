import type { FilterPartScope } from "../../compile/route/part-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

export type MiddlewareSpec = Resource<"Middleware">["spec"];

export type MiddlewareField = keyof MiddlewareSpec;

/** Compiles a field of a Middleware with Traefik's meaning. `undefined`, with a finding: it cannot be honoured. */
export type CompilePart<F extends MiddlewareField> = (
  value: NonNullable<MiddlewareSpec[F]>,
  scope: FilterPartScope,
) => readonly Filter[] | undefined;
