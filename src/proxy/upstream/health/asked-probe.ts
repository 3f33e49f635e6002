import type {
  OwnAnswer,
  OwnMessage,
  OwnRequest,
  OwnRequestCaller,
  OwnRequestFailure,
} from "../../../filter/contract/own-request.ts";
import type { ProbeResult } from "./health-record.ts";
import type { Probe, RunningProbe } from "./probe.ts";

/** The endpoint that is checked, as requests of the gateway's own reach it. */
export type AskedEndpoint = {
  readonly send: (message: OwnMessage, caller: OwnRequestCaller) => OwnRequest;
  /** Nothing more is asked. */
  readonly close: () => void;
};

/** What is asked, and what its answer says. */
export type Question = {
  readonly message: OwnMessage;
  readonly judge: (answer: OwnAnswer) => ProbeResult;
};

const words: Readonly<Record<OwnRequestFailure, string>> = {
  unreachable: "no connection could be made",
  timeout: "no answer came in time",
  tooLarge: "the answer is too large",
  broken: "the connection was lost, or the answer cannot be read",
  bug: "the answer could not be judged",
};

/** Asks an endpoint something and judges its answer. */
export class AskedProbe implements Probe {
  readonly #question: Question;
  readonly #endpoint: AskedEndpoint;

  constructor(question: Question, endpoint: AskedEndpoint) {
    this.#question = question;
    this.#endpoint = endpoint;
  }

  close(): void {
    this.#endpoint.close();
  }

  start(onResult: (result: ProbeResult) => void): RunningProbe {
    const { message, judge } = this.#question;
    let request: OwnRequest | undefined;
    let cancelled = false;
    // Not at once: an answer may come before sending has returned, but not before the checker knows what runs.
    queueMicrotask(() => {
      if (cancelled) return;
      request = this.#endpoint.send(message, {
        onAnswer: (answer) => onResult(judge(answer)),
        onFailure: (failure) => onResult({ kind: "failure", reason: words[failure] }),
      });
    });
    return {
      cancel: () => {
        cancelled = true;
        request?.cancel();
      },
    };
  }
}
