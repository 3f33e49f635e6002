/** Answers that the gateway gives by itself to the requests that some conditions hold for. */

import { compileFind } from "../base/regex/find.ts";
import { compileRegex } from "../base/regex.ts";
import type { HeaderTemplate, Placeholder, Template } from "./template.ts";
import { compileTextMatch, type TextMatch } from "./text-match.ts";

export type ConditionalAnswer = {
  /** All must hold; none: every request is answered. */
  readonly when: readonly RequestCondition[];
  /** 200 to 599. */
  readonly status: number;
  /** Value of Location; empty: there is none. What a URL cannot hold is percent-encoded. */
  readonly location: Template;
  /** Content-Type is among them. One whose value comes out empty is not sent. */
  readonly headers: readonly HeaderTemplate[];
  /** `undefined`: what the gateway says with such a status. */
  readonly body: Template | undefined;
};

/** A value of the request, empty where there is none, and what it is compared with. */
export type RequestCondition = {
  readonly value: Placeholder;
  readonly test:
    | TextMatch
    /** Something other than `""` and `"0"`. */
    | { readonly kind: "set" }
    /** Something in it fits this expression (RE2 syntax); its groups fill `capture` places of the answer. */
    | { readonly kind: "find"; readonly value: string };
  readonly negated: boolean;
};

/** The answer for a request, with `capture` places filled in; `undefined`: none. `tooCostly`: finding out would cost too much. */
export type FindAnswer = (valueOfPlace: (place: Placeholder) => string) => ConditionalAnswer | undefined | "tooCostly";

/** A comparison: `true`, `false`, the groups of an expression that fits, or that it would cost too much. */
type Test = (text: string) => boolean | readonly string[] | "tooCostly";

/** What finds the answer, made once. An expression that does not compile fits nothing: the compiler has told. */
export function compileAnswers(rows: readonly ConditionalAnswer[]): FindAnswer {
  const compiled = rows.map((answer) => ({
    answer,
    captures: hasCaptures(answer),
    when: answer.when.map(({ value, test, negated }) => ({ value, negated, test: testOf(test, hasCaptures(answer)) })),
  }));
  return (valueOfPlace) => {
    next: for (const { answer, captures, when } of compiled) {
      let groups: readonly string[] = [];
      for (const { value, test, negated } of when) {
        const held = test(valueOfPlace(value));
        if (held === "tooCostly") return held;
        if ((held !== false) === negated) continue next;
        if (typeof held !== "boolean") groups = held;
      }
      return captures ? filled(answer, groups) : answer;
    }
    return undefined;
  };
}

function testOf(test: RequestCondition["test"], captures: boolean): Test {
  switch (test.kind) {
    case "set":
      return (text) => text !== "" && text !== "0";
    case "find": {
      if (!captures) {
        // Without groups to fill in, a table of states does it at the same small cost for every text.
        const regex = compileRegex(`(?s:.*)(?:${test.value})(?s:.*)`);
        if (regex.kind === "regex") return (text) => regex.matchesWhole(text);
      }
      const found = compileFind(test.value);
      return found.kind === "error" ? () => false : (text) => found.find(text) ?? false;
    }
    default:
      return compileTextMatch(test);
  }
}

function hasCaptures({ location, headers, body = [] }: ConditionalAnswer): boolean {
  return [location, body, ...headers.map(({ value }) => value)].some((template) =>
    template.some((part) => typeof part !== "string" && part.from === "capture"),
  );
}

function filled(answer: ConditionalAnswer, groups: readonly string[]): ConditionalAnswer {
  const fill = (template: Template): Template =>
    template.map((part) => {
      if (typeof part === "string" || part.from !== "capture") return part;
      const text = groups[part.group] ?? "";
      return part.escaped ? escapePath(text) : text;
    });
  return {
    ...answer,
    location: fill(answer.location),
    headers: answer.headers.map(({ name, value }) => ({ name, value: fill(value) })),
    body: answer.body && fill(answer.body),
  };
}

/** A decoded path as it is written in a URL: what would end it or mean something else there is percent-encoded. */
export function escapePath(text: string): string {
  return text.replace(/[^\-._~0-9A-Za-z:/@!$&'()*+,;=[\]]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
