import type { RequestCopy } from "../contract/message.ts";
import type { ClientConnections, OwnRequestCaller } from "../contract/own-request.ts";
import type { MirrorTarget } from "./mirror-target.ts";

/**
 * A copy of a request for another backend, as it stood at the filter. It is sent once the whole request has come, and its answer
 * is thrown away: whatever becomes of it, the request itself is neither delayed nor changed. Content above the limit drops the copy.
 */
export class MirrorCopy implements OwnRequestCaller {
  readonly #target: MirrorTarget;
  readonly #head: RequestCopy;
  readonly #client: ClientConnections;
  readonly #hasContent: boolean;
  #parts: Buffer[] = [];
  #bytes = 0;
  #state: "copied" | "collecting" | "sent" | "over" = "copied";

  /** `content`: whether the copy has that of the request. */
  constructor(
    target: MirrorTarget,
    head: RequestCopy,
    { client, content }: { readonly client: ClientConnections; readonly content: boolean },
  ) {
    this.#target = target;
    this.#head = head;
    this.#client = client;
    this.#hasContent = content;
    target.inFlight++;
  }

  /** The request goes to its backend. False: there is no copy any more. */
  begin(): boolean {
    if (this.#state !== "copied") return false;
    this.#state = "collecting";
    return true;
  }

  onContent(bytes: Buffer): void {
    if (this.#state !== "collecting" || !this.#hasContent) return;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#target.services.limits.mirrorBodyBytes) this.#over("dropped");
    else this.#parts.push(Buffer.from(bytes));
  }

  /** The request is complete: the copy goes out. */
  send(): void {
    if (this.#state !== "collecting") return;
    this.#state = "sent";
    const { method, lines, announcesContent, acceptsTrailers, logsIn } = this.#head;
    const length = announcesContent || this.#bytes > 0 ? `content-length: ${this.#bytes}\r\n\r\n` : "\r\n";
    const head = Buffer.concat([lines, Buffer.from(length, "latin1")]);
    const content = Buffer.concat(this.#parts);
    this.#parts = [];
    const { cluster, services } = this.#target;
    services.requests.send(
      { method, head, content, acceptsTrailers, logsIn },
      {
        cluster,
        timeoutMs: Number.POSITIVE_INFINITY,
        maxAnswerBytes: "discard",
        repeatable: false,
        client: this.#client,
      },
      this,
    );
  }

  /** The request is over. One that never went to its backend is not copied; one that never became complete has nothing to send. */
  onRequestOver(): void {
    if (this.#state === "copied") this.#over(undefined);
    else if (this.#state === "collecting") this.#over("dropped");
  }

  onAnswer(): void {
    this.#over("sent");
  }

  onFailure(): void {
    this.#over("failed");
  }

  #over(result: "sent" | "failed" | "dropped" | undefined): void {
    this.#state = "over";
    this.#parts = [];
    this.#target.inFlight--;
    if (result !== undefined) this.#target.counters[result].add(1);
  }
}
