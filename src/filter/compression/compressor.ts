import { constants, createBrotliCompress, createGzip, createZstdCompress } from "node:zlib";
import type { CompressionEncoding } from "../../ir/filter.ts";
import type { ContentStream } from "../contract/content.ts";
import { problem } from "../contract/local-reply.ts";

type Encoder =
  | ReturnType<typeof createGzip>
  | ReturnType<typeof createBrotliCompress>
  | ReturnType<typeof createZstdCompress>;

/**
 * What makes each encoding, and what makes it hand out what it has. Windows are small, so that hundreds of answers at a time
 * have room; levels are those at which a core still does tens of megabytes a second.
 */
const encoders: {
  readonly [E in CompressionEncoding]: { readonly open: () => Encoder; readonly flush: number };
} = {
  br: {
    open: () =>
      createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
      }),
    flush: constants.BROTLI_OPERATION_FLUSH,
  },
  gzip: { open: () => createGzip({ level: 6 }), flush: constants.Z_SYNC_FLUSH },
  zstd: {
    open: () =>
      createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 },
      }),
    flush: constants.ZSTD_e_flush,
  },
};

/** How long content may wait for more before clients are sent what there is. Milliseconds. */
const flushAfterMs = 10;

/** How soon it is looked again whether the client takes bytes. Milliseconds. */
const lookAgainMs = 5;

/**
 * Encodes one content off the event loop. A client that takes nothing holds the encoder, and that the backend; content that
 * comes slowly does not wait for more.
 */
export class Compressor {
  /** Known when there is content. */
  #stream: ContentStream | undefined;
  readonly #encoder: Encoder;
  readonly #flush: number;
  /** Given back once. */
  #release: (() => void) | undefined;
  /** Pieces that the encoder has not taken yet. */
  #pending = 0;
  #ended = false;
  #flushTimer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(encoding: CompressionEncoding, release: () => void) {
    const { open, flush } = encoders[encoding];
    this.#flush = flush;
    this.#release = release;
    this.#encoder = open();
  }

  /** `bytes` are valid during the call alone. */
  add(bytes: Buffer, stream: ContentStream): void {
    this.#follow(stream);
    this.#pending++;
    clearTimeout(this.#flushTimer);
    if (!this.#encoder.write(Buffer.from(bytes), this.#taken)) stream.pause();
  }

  end(stream: ContentStream): void {
    this.#follow(stream);
    this.#ended = true;
    clearTimeout(this.#flushTimer);
    this.#encoder.end();
  }

  #follow(stream: ContentStream): void {
    if (this.#stream !== undefined) return;
    this.#stream = stream;
    this.#encoder.on("data", (bytes: Buffer) => this.#pass(bytes, stream));
    this.#encoder.on("drain", () => stream.resume());
    this.#encoder.on("end", () => {
      this.#close();
      stream.end();
    });
    this.#encoder.on("error", () => {
      this.#close();
      stream.refuse(problem(500, "IE", "The response could not be encoded."));
    });
  }

  cancel(): void {
    this.#close();
    this.#encoder.destroy();
  }

  readonly #taken = (): void => {
    this.#pending--;
    if (this.#pending > 0 || this.#ended || this.#release === undefined) return;
    clearTimeout(this.#flushTimer);
    this.#flushTimer = setTimeout(this.#flushNow, flushAfterMs);
  };

  readonly #flushNow = (): void => {
    if (this.#pending === 0 && !this.#ended) this.#encoder.flush(this.#flush);
  };

  #pass(bytes: Buffer, stream: ContentStream): void {
    stream.push(bytes);
    if (!stream.congested || this.#release === undefined) return;
    this.#encoder.pause();
    this.#lookTimer = setTimeout(this.#look, lookAgainMs);
  }

  readonly #look = (): void => {
    if (this.#stream?.congested === true) this.#lookTimer = setTimeout(this.#look, lookAgainMs);
    else this.#encoder.resume();
  };

  #close(): void {
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#lookTimer);
    this.#release?.();
    this.#release = undefined;
  }
}
