import type { ForwardedRequest } from "../forwarded-request.ts";
import type { BackendRuntime, RouteRuntime } from "../route-runtime.ts";
import type { Outcome } from "./outcome.ts";

/** Where an exchange stands. What may happen in each phase: {@link transitions}. */
export type Phase =
  /** No request is being served. */
  | "over"
  /** Filters see the request's head, or one of them waits. The parsed head is kept. */
  | "filtering"
  /** A filter waits for the whole content. The parsed head is kept. */
  | "holding"
  /** The request is ready to go, or waits for its next attempt. */
  | "waiting"
  /** An endpoint is being asked, and no answer has come. */
  | "sending"
  /** Filters see the head of an answer, or one of them waits. Nothing of it has gone out. */
  | "answering"
  /** The head of the answer has gone out. */
  | "answered"
  /** Client and endpoint talk to each other. */
  | "tunnel";

/** What takes an exchange from one phase to the next. */
export type ExchangeEvent =
  /** A request has come. */
  | "begin"
  /** A filter asks for the content. */
  | "hold"
  /** All of the content is there. */
  | "held"
  /** All filters have let the request pass. */
  | "forward"
  | "attempt"
  | "retry"
  /** The head of an endpoint's answer has come. */
  | "head"
  /** The gateway gives an answer of its own. */
  | "reply"
  | "answer"
  | "upgrade"
  | "finish";

/** The life of a request. What is not here cannot happen. */
export const transitions: { readonly [P in Phase]: { readonly [E in ExchangeEvent]?: Phase } } = {
  over: { begin: "filtering" },
  filtering: { hold: "holding", forward: "waiting", reply: "answering", finish: "over" },
  holding: { held: "filtering", reply: "answering", finish: "over" },
  waiting: { attempt: "sending", reply: "answering", finish: "over" },
  sending: { attempt: "sending", retry: "waiting", head: "answering", reply: "answering", finish: "over" },
  answering: { answer: "answered", upgrade: "tunnel", reply: "answering", finish: "over" },
  answered: { finish: "over" },
  tunnel: { finish: "over" },
};

/** All that is known of the exchange under way. One per downstream connection or stream, refilled. */
export type ExchangeState = {
  phase: Phase;
  readonly request: ForwardedRequest;
  readonly outcome: Outcome;
  /** On the clock of `performance.now`. */
  startMs: number;
  bytesIn: number;
  bytesOut: number;
  /** `undefined`: none was found yet. */
  route: RouteRuntime | undefined;
  backend: BackendRuntime | undefined;
  /** Of the rule; -1: no backend was chosen. */
  backendIndex: number;
  /** Path match of the route. */
  pattern: string;
};

/** Takes the exchange to its next phase; throws where there is no way from the phase that it is in. */
export function transition(state: Pick<ExchangeState, "phase">, event: ExchangeEvent): void {
  const next = transitions[state.phase][event];
  if (next === undefined) throw new Error(`an exchange that is ${state.phase} cannot ${event}`);
  state.phase = next;
}
