import type { BuildFilter } from "../contract/build.ts";
import { onResponse } from "../contract/hook.ts";
import { type Remembered, rememberedFor } from "../externalAuth/remembered.ts";
import { makeAuthority } from "./authority.ts";
import type { AuthAnswer } from "./keep-answer.ts";
import { Question } from "./question.ts";

/** Statuses whose answers get cookies of a permission where not all do. Spec: add_header of nginx. */
const statusesWithCookies: ReadonlySet<number> = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

/**
 * Asks an authorisation server about every request, and goes by the status of what it says. Behind it no trailers of clients pass: the
 * server saw none of them.
 */
export const buildAuthRequest: BuildFilter<"authRequest", Remembered<AuthAnswer> | undefined> = (
  filter,
  services,
  previous,
) => {
  const remembered = filter.cache === undefined ? undefined : rememberedFor(filter, services.clock, previous);
  const authority = makeAuthority(filter, services, remembered);
  return {
    hooks: [
      {
        phase: "request",
        onRequest: (request, exchange) => {
          const question = new Question(authority, request, exchange);
          exchange.state = question;
          return question.ask();
        },
        cancel: ({ state }) => (state as Question).cancel(),
      },
      onResponse((response, { state }) => {
        const cookies = (state as Question | undefined)?.cookies ?? [];
        if (cookies.length === 0) return undefined;
        if (filter.cookies === "success" && !statusesWithCookies.has(response.status)) return undefined;
        for (const cookie of cookies) response.addHeader("set-cookie", cookie);
        return undefined;
      }),
    ],
    claimedTrailers: "all",
    carried: remembered,
  };
};
