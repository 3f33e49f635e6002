import { ChunkReader, scanChunks } from "../../wire/http1/chunked.ts";
import type { RequestHead } from "../../wire/http1/request-head.ts";
import type { TrailerClaims } from "../../wire/http1/trailer-field.ts";

/** A body that no one wants is read to its end when no more than this is left of it; otherwise the connection ends. */
const discardBytes = 64 * 1024;

/** How much of a request's body has come and how much is to come. One per connection, reused request after request. */
export class Http1RequestBody {
  /** The client waits for a 100 before it sends any of it. */
  expectsContinue = false;
  #chunked = false;
  #left = 0;
  #chunks: ChunkReader | undefined;

  /** Makes ready for the body that a head announces. `claims`: which trailers its request may not have. */
  begin(head: RequestHead, claims: TrailerClaims): void {
    this.#chunked = head.chunked;
    this.#left = Math.max(head.contentLength, 0);
    this.expectsContinue = head.expectContinue;
    if (!head.chunked) return;
    this.#chunks ??= new ChunkReader("client");
    this.#chunks.claims = claims;
    this.#chunks.reset();
  }

  /** Lets go of what reads chunks. Between requests only. */
  rest(): void {
    this.#chunked = false;
    this.#chunks = undefined;
  }

  /** Bytes still to come; `Infinity` for chunks, of which nobody can tell. */
  get left(): number {
    return this.#chunked ? Number.POSITIVE_INFINITY : this.#left;
  }

  /** Its last byte has come. */
  get complete(): boolean {
    return this.#chunked ? this.#chunks!.done : this.#left === 0;
  }

  /** Bytes of content that came in chunks. A body of a known length is judged by that. */
  get chunkedBytes(): number {
    return this.#chunked ? this.#chunks!.contentBytes : 0;
  }

  /** What is left can be read to its end for the sake of the next request. */
  get discardable(): boolean {
    return this.left <= discardBytes && !this.expectsContinue;
  }

  /** Takes what of the bytes belongs to the body, in its framing. Returns the offset behind it, or the code of a fault. */
  take(bytes: Buffer, start: number, end: number): number {
    this.expectsContinue = false;
    return this.#chunked ? scanChunks(this.#chunks!, bytes, start, end) : this.skip(start, end);
  }

  /** Like `take`, of a body of a known length, without a look at it. */
  skip(start: number, end: number): number {
    const until = Math.min(end, start + this.#left);
    this.#left -= until - start;
    return until;
  }
}
