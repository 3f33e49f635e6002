import { AbuseBudget } from "./abuse-budget.ts";
import { errorCode } from "./frame.ts";

/** Answers to control frames that may wait for a peer that does not read. */
export const maxAnswersWaiting = 1000;

/**
 * What the peer does wrong: how much of it the session bears, and why it ended. Codes are those that a frame handler
 * returns: an error code of the connection, or 0 to go on.
 */
export class PeerFaults {
  /** A connection error happened: nothing more is read or sent. */
  dead = false;
  /** Why the frame under way is refused. */
  reason = "malformed frame";
  readonly #role: "server" | "client";
  readonly #budget: AbuseBudget;
  /** Answers that were put together since the peer last had taken everything. */
  #answersWaiting = 0;

  /** `now`: milliseconds of a monotonic clock. */
  constructor(role: "server" | "client", now: () => number) {
    this.#role = role;
    this.#budget = new AbuseBudget(now);
  }

  /** Begins the next frame. */
  clearReason(): void {
    this.reason = "malformed frame";
  }

  /** Notes why the frame under way ends the connection, and returns `code`. */
  refuse(code: number, reason: string): number {
    this.reason = reason;
    return code;
  }

  /** Counts a frame that costs us and moves nothing; the code is that of the connection error, or 0. */
  spendControl(amount = 1): number {
    return this.#budget.spend("control", amount)
      ? 0
      : this.refuse(errorCode.enhanceYourCalm, "too many control frames");
  }

  /**
   * Counts a frame that makes us write another: PING, SETTINGS, or one on a stream that is no more. However much else the peer
   * gets done, it has to read the answers. The code is that of the connection error, or 0.
   */
  spendAnswer(): number {
    return ++this.#answersWaiting > maxAnswersWaiting
      ? this.refuse(errorCode.enhanceYourCalm, "too many answers that nobody reads")
      : this.spendControl();
  }

  /** The peer has taken all answers so far. */
  onAnswersTaken(): void {
    this.#answersWaiting = 0;
  }

  /** Counts a stream that ended in a reset; the code is that of the connection error, or 0. */
  afterReset(): number {
    // A server that resets streams costs us nothing but the requests that we began.
    if (this.#role === "client") return 0;
    return this.#budget.spend("reset") ? 0 : this.refuse(errorCode.enhanceYourCalm, "too many reset streams");
  }

  /** Counts a malformed message, whichever side we are; `false` when there were too many. */
  spendMalformed(): boolean {
    return this.#budget.spend("reset");
  }

  /** Payload moved: outweighs `amount` control frames. */
  creditControl(amount: number): void {
    this.#budget.credit("control", amount);
  }

  /** A stream was finished: outweighs half a reset. */
  creditFinished(): void {
    this.#budget.credit("reset", 0.5);
  }
}
