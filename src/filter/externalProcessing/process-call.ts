import {
  decodeProcessingResponse,
  encodeProcessingRequest,
  type ProcessingRequest,
  type ProcessingResponse,
} from "../../wire/ext-proc.ts";
import { frameGrpcMessage, GrpcMessages } from "../../wire/grpc-messages.ts";
import type { OwnStream, OwnStreamCaller } from "../contract/own-request.ts";
import type { ProcessingService } from "./processing-service.ts";

/** What the service says to one message; `undefined`: nothing that can be understood, in time. */
export type TakeAnswer = (answer: ProcessingResponse | undefined) => void;

type Waiting = { readonly request: ProcessingRequest; readonly take: TakeAnswer };

/** Largest message of a service: a body of a mebibyte and its headers. */
const maxMessageBytes = 1_200_000;

/**
 * One conversation with a processing service about one exchange. Its answers come in the order of what it is asked. Once one does
 * not come in time, or is another than was asked for, the conversation has failed: whoever waits, or asks later, gets no answer.
 */
export class ProcessCall implements OwnStreamCaller {
  /** The service has answered the request itself: it is asked nothing more. */
  isOver = false;
  failed = false;
  readonly #service: ProcessingService;
  readonly #messages = new GrpcMessages(maxMessageBytes);
  #stream: OwnStream | undefined;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(service: ProcessingService) {
    this.#service = service;
  }

  /** Content of messages that the service has not answered yet. Bytes. */
  get unansweredBytes(): number {
    return this.#waiting.reduce((sum, { request }) => sum + (request.kind === "body" ? request.bytes.length : 0), 0);
  }

  ask(request: ProcessingRequest, attributes: Readonly<Record<string, string>>, take: TakeAnswer): void {
    if (this.failed || this.isOver) {
      take(undefined);
      return;
    }
    this.#waiting.push({ request, take });
    if (this.#waiting.length === 1) this.#startTimer();
    this.#open()?.send(frameGrpcMessage(encodeProcessingRequest(request, attributes)));
  }

  /** Nobody waits for anything any more. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    // The service sees that nothing more comes, and that nobody listens.
    this.#stream?.end();
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  onData(bytes: Buffer): void {
    const messages = this.#messages.push(bytes);
    if (messages === undefined) {
      this.fail();
      return;
    }
    for (const message of messages) if (!this.failed) this.#answer(decodeProcessingResponse(message));
  }

  onOver(): void {
    this.#stream = undefined;
    if (!this.isOver) this.fail();
  }

  #open(): OwnStream | undefined {
    if (this.#stream !== undefined) return this.#stream;
    const { cluster, head, requests } = this.#service;
    if (cluster === undefined) {
      this.fail();
      return undefined;
    }
    this.#stream = requests.open({ cluster, head }, this);
    // It may be over before it was there.
    if (this.failed) this.#stream = undefined;
    return this.#stream;
  }

  #answer(answer: ProcessingResponse | undefined): void {
    const first = this.#waiting[0];
    const fits =
      answer !== undefined &&
      first !== undefined &&
      (answer.kind === "immediate" || (answer.kind === first.request.kind && answer.of === first.request.of));
    if (!fits) {
      this.fail();
      return;
    }
    this.#waiting.shift();
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0) this.#startTimer();
    if (answer.kind === "immediate") {
      this.isOver = true;
      this.#service.counters.answered.add(1);
      this.cancel();
    }
    first.take(answer);
  }

  #startTimer(): void {
    this.#timer = setTimeout(onTimeout, this.#service.filter.timeoutMs, this);
  }

  /** Gives up on the service. */
  fail(): void {
    if (this.failed || this.isOver) return;
    this.failed = true;
    this.#service.counters.failed.add(1);
    const waiting = this.#waiting;
    this.cancel();
    for (const { take } of waiting) take(undefined);
  }
}

function onTimeout(call: ProcessCall): void {
  call.fail();
}
