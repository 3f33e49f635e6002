import type { ResponseFlag } from "../../telemetry/response-flag.ts";

type Header = readonly [name: string, value: string];

/** An answer given as it is. A gRPC call gets the status that it stands for; plain text becomes its message. */
export type Page = {
  readonly kind: "page";
  /** 200 to 599. */
  readonly status: number;
  /** For the access log: `-` for an answer that is nobody's failure. */
  readonly flag: ResponseFlag;
  readonly headers: readonly Header[];
  readonly body: string | Buffer;
};

/** A failure or refusal in a sentence: how it looks is the renderer's affair, the same for all. */
export type Problem = {
  readonly kind: "problem";
  /** 400 to 599. */
  readonly status: number;
  readonly flag: ResponseFlag;
  /** Besides those that describe the page, such as Retry-After. */
  readonly headers: readonly Header[];
  /** One sentence for the client; says nothing of the inside. */
  readonly message: string;
  /** Code for a gRPC call; `undefined`: the one that the HTTP status stands for. */
  readonly grpcStatus: number | undefined;
};

/** An answer that the gateway gives by itself. */
export type LocalReply = Page | Problem;

/** A page that is nobody's failure, such as a redirect. */
export function page(status: number, headers: readonly Header[], body: string | Buffer = ""): Page {
  return { kind: "page", status, flag: "-", headers, body };
}

/** A refusal in one sentence; a gRPC call gets the code that `status` stands for. */
export function problem(status: number, flag: ResponseFlag, message: string, headers: readonly Header[] = []): Problem {
  return { kind: "problem", status, flag, headers, message, grpcStatus: undefined };
}
