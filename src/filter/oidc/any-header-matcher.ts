import { compileRegex } from "../../base/regex.ts";
import type { HeaderMatch } from "../../ir/filter.ts";
import type { RequestView } from "../contract/message.ts";

/** Whether one header at least has what is asked for. A pattern that cannot be compiled matches nothing. */
export function anyHeaderMatcher(matches: readonly HeaderMatch[]): (request: RequestView) => boolean {
  const compiled = matches.map(({ name, kind, value }) => ({ name, test: testOf(kind, value) }));
  return (request) =>
    compiled.some(({ name, test }) => {
      const value = request.header(name);
      return value !== undefined && test(value);
    });
}

function testOf(kind: HeaderMatch["kind"], expected: string): (value: string) => boolean {
  switch (kind) {
    case "exact":
      return (value) => value === expected;
    case "prefix":
      return (value) => value.startsWith(expected);
    case "suffix":
      return (value) => value.endsWith(expected);
    case "regex": {
      const regex = compileRegex(expected);
      return regex.kind === "regex" ? (value) => regex.matchesWhole(value) : () => false;
    }
  }
}
