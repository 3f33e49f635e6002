import type { HttpRouteFilterSpec } from "../resource/schema/policy/http-route-filter.ts";
import { type CompleteTable, served } from "./field-service.ts";

/** A rule whose filter is left out in part answers 500, so nothing of it is safe to leave out. */
export const filterFields = {
  credentialInjection: ["credential injection", served],
  directResponse: ["direct response", served],
  headerMutation: ["header mutation", served],
  matches: ["matches", served],
  responseRewrite: ["response rewrite", served],
  urlRewrite: ["URL rewrite", served],
} satisfies CompleteTable<HttpRouteFilterSpec>;
