import type { OwnAnswer } from "../contract/own-request.ts";
import type { Remembered } from "../externalAuth/remembered.ts";

/** What an authorisation server has said, as far as anything comes of it. */
export type AuthAnswer = Pick<OwnAnswer, "status" | "headers">;

/** What sets a cookie may be for one browser, and is not kept. */
export function keepAnswer(remembered: Remembered<AuthAnswer>, name: string, answer: AuthAnswer, ttlMs: number): void {
  if (answer.headers.some(([field]) => field === "set-cookie")) return;
  const length = answer.headers.reduce((sum, [field, value]) => sum + field.length + value.length, 0);
  remembered.keep(name, answer, { length, ttlMs });
}
