import type { ContentStream, ContentUse } from "../../filter/contract/content.ts";
import type { FilterExchange } from "../../filter/contract/exchange.ts";
import type { HookOf } from "../../filter/contract/hook.ts";
import type { LocalReply } from "../../filter/contract/local-reply.ts";
import { type ContentSink, Dechunker } from "../../wire/http1/dechunker.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";

type StreamHook = Pick<HookOf<"requestStream"> | HookOf<"responseStream">, "onContent" | "onEnd" | "cancel">;

/** A filter that takes part, and how. */
export type FlowPart = {
  readonly hook: StreamHook;
  readonly exchange: FilterExchange;
  readonly use: Exclude<ContentUse, "pass">;
};

/** Where content comes from and goes to. */
export interface FlowEnds {
  readonly congested: boolean;
  /** Content without framing. */
  write(bytes: Buffer, start: number, end: number): void;
  /** All of it was written. */
  end(trailers: readonly HeaderField[]): void;
  /** Writes what was put together outside the events of the source. */
  flush(): void;
  pauseSource(): void;
  resumeSource(): void;
  refuse(reply: LocalReply): void;
  onBug(error: unknown): void;
}

/** The content of one message on its way past the filters that want it. Made only for messages of which some filter does. */
export class ContentFlow implements ContentSink {
  readonly trailers: [name: string, value: string][] = [];
  readonly ends: FlowEnds;
  /** Calls into filters that are under way. */
  depth = 0;
  over = false;
  /** All filters only look: the bytes go on as they are. */
  readonly isTap: boolean;
  readonly #stages: readonly FlowStage[];
  /** `undefined`: what comes has no framing. */
  readonly #dechunker: Dechunker | undefined;
  #paused = 0;

  /** `framing`: that of what is pushed. */
  constructor(parts: readonly FlowPart[], framing: "content" | "chunked", ends: FlowEnds) {
    this.ends = ends;
    this.isTap = parts.every(({ use }) => use === "see");
    this.#dechunker = framing === "chunked" ? new Dechunker("client") : undefined;
    this.#stages = parts.map((part, index) => new FlowStage(this, part, index));
  }

  /** Part of the message's body, in its framing. */
  push(bytes: Buffer, start: number, end: number): void {
    this.depth++;
    try {
      // It has been judged: no fault can come.
      if (this.#dechunker !== undefined) this.#dechunker.push(bytes, start, end, this);
      else if (end > start) this.onContent(bytes, start, end);
    } finally {
      this.depth--;
    }
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    this.receive(0, bytes.subarray(start, end));
  }

  /** All of the body has come; `trailers` are those of a body without framing. */
  finish(trailers: readonly HeaderField[]): void {
    for (const { name, value } of this.#dechunker?.trailers ?? trailers) this.trailers.push([name, value]);
    this.depth++;
    try {
      this.receiveEnd(0);
    } finally {
      this.depth--;
    }
  }

  /** The exchange is over, or goes another way: filters that have not ended are told. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    for (const stage of this.#stages) stage.cancel();
  }

  /** Content for a filter; behind the last one it goes out. */
  receive(index: number, bytes: Buffer): void {
    if (this.over) return;
    const stage = this.#stages[index];
    if (stage !== undefined) stage.receive(bytes);
    else if (!this.isTap && bytes.length > 0) this.ends.write(bytes, 0, bytes.length);
  }

  receiveEnd(index: number): void {
    if (this.over) return;
    const stage = this.#stages[index];
    if (stage !== undefined) {
      stage.receiveEnd();
      return;
    }
    this.over = true;
    if (!this.isTap) this.ends.end(this.trailers.map(([name, value]) => ({ name, value })));
  }

  pause(): void {
    if (this.#paused++ === 0) this.ends.pauseSource();
  }

  resume(): void {
    if (--this.#paused === 0) this.ends.resumeSource();
  }
}

/** Content on its way past one filter. */
class FlowStage implements ContentStream {
  readonly exchange: FilterExchange;
  readonly #flow: ContentFlow;
  readonly #part: FlowPart;
  readonly #next: number;
  #ended = false;
  #paused = false;

  constructor(flow: ContentFlow, part: FlowPart, index: number) {
    this.#flow = flow;
    this.#part = part;
    this.#next = index + 1;
    this.exchange = part.exchange;
  }

  get trailers(): [name: string, value: string][] {
    return this.#flow.trailers;
  }

  get congested(): boolean {
    return this.#flow.ends.congested;
  }

  receive(bytes: Buffer): void {
    const { hook, use } = this.#part;
    hook.onContent(bytes, this);
    if (use === "see") this.#flow.receive(this.#next, bytes);
  }

  receiveEnd(): void {
    const { hook, use } = this.#part;
    hook.onEnd(this);
    if (use !== "see") return;
    this.#ended = true;
    this.#flow.receiveEnd(this.#next);
  }

  cancel(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#part.hook.cancel(this);
  }

  push(bytes: Buffer): void {
    if (this.#ended || this.#part.use === "see") return;
    this.#goOn(bytes);
  }

  end(): void {
    if (this.#ended || this.#part.use === "see") return;
    this.#ended = true;
    this.#goOn(undefined);
  }

  pause(): void {
    if (this.#paused || this.#flow.over) return;
    this.#paused = true;
    this.#flow.pause();
  }

  resume(): void {
    if (!this.#paused || this.#flow.over) return;
    this.#paused = false;
    this.#flow.resume();
  }

  refuse(reply: LocalReply): void {
    if (!this.#flow.over) this.#flow.ends.refuse(reply);
  }

  /** Passes content on, or with `undefined` the end of it: in an event of the source, or at a time of the filter's own. */
  #goOn(bytes: Buffer | undefined): void {
    const flow = this.#flow;
    if (flow.over) return;
    const outside = flow.depth === 0;
    flow.depth++;
    try {
      if (bytes === undefined) flow.receiveEnd(this.#next);
      else flow.receive(this.#next, bytes);
      if (outside) flow.ends.flush();
    } catch (error) {
      if (!outside) throw error;
      flow.ends.onBug(error);
    } finally {
      flow.depth--;
    }
  }
}
