/** The one home of CEL, the Common Expression Language. Its library is loaded when an expression is first compiled. */
import { createRequire } from "node:module";
import type * as Library from "@bufbuild/cel";
import type * as Extensions from "@bufbuild/cel/ext";

/** Macros such as `all` and `exists` inside one another, at most: each one more multiplies the work by the length of a list. */
const maxNesting = 2;

/** A value that an expression may be given. Maps have keys of their own only, objects fields. */
export type CelValue =
  | string
  | number
  | boolean
  | null
  | readonly CelValue[]
  | Map<string, string>
  | { readonly [name: string]: CelValue };

/** `failed`: it could not be evaluated to a boolean, for example because a member is missing. */
export type CelAnswer = boolean | "failed";

export type CompiledCel =
  | { readonly kind: "expression"; evaluate(variables: Readonly<Record<string, CelValue>>): CelAnswer }
  /** Completes "the expression is not usable: …". */
  | { readonly kind: "error"; readonly message: string };

/**
 * Compiles a condition over the variables that are named; never throws. Evaluation is bounded: there are no loops but macros
 * over lists that are given, nested {@link maxNesting} deep, and regular expressions are of linear time.
 */
export function compileCel(expression: string, variables: readonly string[]): CompiledCel {
  const { cel, env } = library();
  try {
    const { expr } = cel.parse(expression);
    const fault = findFault(expr, { known: new Set(variables), nesting: 0 });
    if (fault !== undefined) return { kind: "error", message: fault };
    const run = cel.plan(env, expr) as (bindings: Readonly<Record<string, unknown>>) => unknown;
    return {
      kind: "expression",
      evaluate: (values) => {
        const result = run(values);
        return typeof result === "boolean" ? result : "failed";
      },
    };
  } catch (error) {
    return { kind: "error", message: describeError(error) };
  }
}

type Loaded = { readonly cel: typeof Library; readonly env: ReturnType<typeof Library.celEnv> };
let loaded: Loaded | undefined;

function library(): Loaded {
  if (loaded === undefined) {
    const load = createRequire(import.meta.url);
    const cel = load("@bufbuild/cel") as typeof Library;
    const { strings } = load("@bufbuild/cel/ext") as typeof Extensions;
    loaded = { cel, env: cel.celEnv({ funcs: [...strings] }) };
  }
  return loaded;
}

type Scope = { readonly known: ReadonlySet<string>; readonly nesting: number };
type Expression = ReturnType<typeof Library.parse>["expr"];

/** What cannot be evaluated, or not in bounded time. `undefined`: nothing. */
function findFault(expression: Expression | undefined, scope: Scope): string | undefined {
  const { kind, children, inner } = partsOf(expression, scope);
  return kind ?? firstFault(children, scope) ?? firstFault(inner.children, inner.scope);
}

function firstFault(expressions: readonly (Expression | undefined)[], scope: Scope): string | undefined {
  for (const expression of expressions) {
    const fault = findFault(expression, scope);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

type Parts = {
  /** The fault of the expression itself. */
  readonly kind: string | undefined;
  readonly children: readonly (Expression | undefined)[];
  /** What is evaluated for each element of a list. */
  readonly inner: { readonly children: readonly (Expression | undefined)[]; readonly scope: Scope };
};

function partsOf(expression: Expression | undefined, scope: Scope): Parts {
  const parts = (children: readonly (Expression | undefined)[], kind?: string): Parts => ({
    kind,
    children,
    inner: { children: [], scope },
  });
  const node = expression?.exprKind;
  switch (node?.case) {
    case "identExpr":
      return parts(
        [],
        scope.known.has(node.value.name) ? undefined : `nothing is called ${JSON.stringify(node.value.name)}`,
      );
    case "selectExpr":
      return parts([node.value.operand]);
    case "callExpr": {
      const { function: name, target, args } = node.value;
      return parts([target, ...args], isFunction(name) ? undefined : `there is no function ${JSON.stringify(name)}`);
    }
    case "listExpr":
      return parts(node.value.elements);
    case "structExpr":
      return parts(
        node.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === "mapKey" ? keyKind.value : undefined,
          value,
        ]),
      );
    case "comprehensionExpr": {
      const { iterVar, iterVar2, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = node.value;
      const known = new Set([...scope.known, iterVar, iterVar2, accuVar]);
      const nesting = scope.nesting + 1;
      return {
        kind: nesting > maxNesting ? `macros may be nested ${maxNesting} deep` : undefined,
        children: [iterRange, accuInit],
        inner: { children: [loopCondition, loopStep, result], scope: { known, nesting } },
      };
    }
    default:
      return parts([]);
  }
}

/** Operators that are part of the language rather than functions of a name. */
const operators: ReadonlySet<string> = new Set(["_?_:_", "_||_", "_&&_", "_[_]", "@not_strictly_false"]);

function isFunction(name: string): boolean {
  return operators.has(name) || library().env.funcs.find(name) !== undefined;
}

/** The library's words, without its place for an input that it has no name of. A stack overflow is "too deeply nested". */
function describeError(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^<input>:\d+:(\d+): /, "at character $1: ");
}
