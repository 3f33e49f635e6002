import type { Clock } from "../../base/clock.ts";
import { ExpiringMap } from "../../base/expiring-map.ts";
import type { KeyedHash } from "../../base/keyed-hash.ts";
import type { OwnAnswer } from "../contract/own-request.ts";

/** What an authorisation server has said, as far as anything comes of it. */
export type AuthAnswer = Pick<OwnAnswer, "status" | "headers">;

/** Answers that are kept at a time, and the largest of them: characters of its headers. */
const maxAnswers = 4_096;
const maxAnswerLength = 4_096;

/** Answers while they hold, known by a keyed hash, so that nothing of anybody's credentials is kept. */
export class RememberedAnswers {
  /** Of the filter that asked. */
  readonly settings: string;
  readonly #names: KeyedHash;
  readonly #answers: ExpiringMap<AuthAnswer>;

  constructor(settings: string, names: KeyedHash, clock: Clock) {
    this.settings = settings;
    this.#names = names;
    this.#answers = new ExpiringMap(maxAnswers, clock);
  }

  nameOf(key: string): string {
    return this.#names.of(key);
  }

  find(name: string): AuthAnswer | undefined {
    return this.#answers.get(name);
  }

  /** What sets a cookie may be for one browser, and is not kept; nor is what is too large. */
  keep(name: string, answer: AuthAnswer, ttlMs: number): void {
    const length = answer.headers.reduce((sum, [field, value]) => sum + field.length + value.length, 0);
    if (length > maxAnswerLength || answer.headers.some(([field]) => field === "set-cookie")) return;
    this.#answers.set(name, answer, ttlMs);
  }
}
