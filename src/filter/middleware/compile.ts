import type { FilterFinder, FilterObject } from "../../compile/route/filter-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { compileIpAllowList } from "./compile-addresses.ts";
import { compileCompress } from "./compile-compress.ts";
import { compileErrors } from "./compile-errors.ts";
import { compileHeaders } from "./compile-headers.ts";
import { compileBuffering, compileInFlightReq, compileRateLimit } from "./compile-limits.ts";
import type { CompilePart, MiddlewareField, MiddlewareSpec } from "./compile-part.ts";
import {
  compileAddPrefix,
  compileReplacePath,
  compileReplacePathRegex,
  compileStripPrefix,
  compileStripPrefixRegex,
} from "./compile-path.ts";
import { compileRedirectRegex, compileRedirectScheme } from "./compile-redirect.ts";

/** Middlewares that one reference may come to, chains in chains counted with all that they name. */
const maxMiddlewares = 64;

/** A field that is not served has been told of before anything is compiled: what may be left out comes to nothing. */
const unserved = (): readonly Filter[] => [];

/** Every field of a Middleware but `chain`, which is made of other Middlewares; one that is missing here is a type error. */
const parts: { readonly [F in Exclude<MiddlewareField, "chain">]: CompilePart<F> } = {
  addPrefix: compileAddPrefix,
  basicAuth: unserved,
  buffering: compileBuffering,
  circuitBreaker: unserved,
  compress: compileCompress,
  contentType: unserved,
  digestAuth: unserved,
  encodedCharacters: unserved,
  errors: compileErrors,
  forwardAuth: unserved,
  grpcWeb: unserved,
  headers: compileHeaders,
  inFlightReq: compileInFlightReq,
  ipAllowList: compileIpAllowList,
  ipWhiteList: (config, scope) => compileIpAllowList(config, scope),
  passTLSClientCert: unserved,
  plugin: unserved,
  rateLimit: compileRateLimit,
  redirectRegex: compileRedirectRegex,
  redirectScheme: compileRedirectScheme,
  replacePath: compileReplacePath,
  replacePathRegex: compileReplacePathRegex,
  retry: unserved,
  stripPrefix: compileStripPrefix,
  stripPrefixRegex: compileStripPrefixRegex,
  tap: unserved,
};

/** `undefined`, with a finding: it cannot be honoured. */
type Compiled = readonly Filter[] | undefined;

/** The Middlewares that lead to this one, and how many more there may be. */
type Chain = { readonly above: readonly string[]; readonly budget: { left: number } };

/** Compiles a Middleware of Traefik's, and those that it chains, in their order. `undefined`, with a finding: it cannot be honoured. */
export function compileMiddleware(middleware: FilterObject<"Middleware">): Compiled {
  return compileOne(middleware, { above: [], budget: { left: maxMiddlewares } });
}

function compileOne(middleware: FilterObject<"Middleware">, chain: Chain): Compiled {
  const { filter, isServed, partScope } = middleware;
  if (!isServed) return undefined;
  const { chain: chained, ...fields } = filter.spec;
  const [field, ...others] = Object.keys(filter.spec) as MiddlewareField[];
  if (field === undefined || others.length > 0) {
    const message = `A Middleware sets one of its fields; this one sets ${field === undefined ? "none" : [field, ...others].join(" and ")}.`;
    return partScope("/spec").mistake("", { message, fix: "Write a Middleware for each, and a chain of them." });
  }
  if (chained !== undefined) return compileChain(middleware, chained, chain);
  // The table pairs each field with its own function; that the two agree is beyond what an index can say.
  const compile = parts[field as keyof typeof parts] as CompilePart<"addPrefix">;
  return compile(fields[field as "addPrefix"]!, partScope(`/spec/${field}`));
}

function compileChain(
  { filter, partScope, findFilter }: FilterObject<"Middleware">,
  { middlewares = [] }: NonNullable<MiddlewareSpec["chain"]>,
  { above, budget }: Chain,
): Compiled {
  const { namespace, name } = filter.metadata;
  const { mistake } = partScope("/spec/chain/middlewares");
  const here = [...above, `${namespace}/${name}`];
  const compiled = middlewares.map((ref, index): Compiled => {
    const wanted = `${ref.namespace ?? namespace}/${ref.name}`;
    if (here.includes(wanted)) {
      const message = `Middleware ${wanted} leads back to itself.`;
      return mistake(`/${index}`, { message, fix: "Remove it from one of the chains." });
    }
    if (budget.left-- <= 0) {
      const message = `The chain comes to more than ${maxMiddlewares} Middlewares.`;
      return mistake(`/${index}`, { message, fix: "Shorten it." });
    }
    const found = findFilter({ group: "traefik.io", kind: "Middleware", ...ref });
    if (typeof found === "string") {
      const [what, fix] = chainFaults[found];
      return mistake(`/${index}`, { message: `Middleware ${wanted} ${what}.`, fix });
    }
    return found.kind === "Middleware" ? compileOne(found, { above: here, budget }) : undefined;
  });
  return compiled.every((one) => one !== undefined) ? compiled.flat() : undefined;
}

const chainFaults: {
  readonly [F in Extract<ReturnType<FilterFinder["findFilter"]>, string>]: readonly [string, string];
} = {
  missing: ["does not exist", "Create it, or correct the name."],
  notPermitted: [
    "is in another namespace, whose owner has not permitted the reference",
    "Add a ReferenceGrant there, from Middleware to Middleware of traefik.io.",
  ],
  unknownKind: ["is of no known kind", "Correct the name."],
};
