import type { Finding } from "../../../finding/finding.ts";
import type { Resource } from "../../../resource/kinds.ts";
import type { IgnoredObject } from "../../../store/store.ts";

/**
 * What the thread that reads files tells the one that serves. Everything is named by a number, and what the other side has
 * already is not sent again, so that it keeps its identity there. Numbers are never used twice.
 */
export type SentItem =
  /** A document that objects stand in. Without `text` when it is too large to be parsed where requests are served. */
  | {
      readonly kind: "chunk";
      readonly id: number;
      readonly file: string;
      readonly text: string | undefined;
      readonly linesAbove: number;
    }
  /** `positions`: for the objects of a chunk without text. */
  | {
      readonly kind: "object";
      readonly id: number;
      readonly chunk: number;
      readonly base: readonly string[];
      readonly resource: Omit<Resource, "origin">;
      readonly positions: Positions | undefined;
    }
  | {
      readonly kind: "part";
      readonly id: number;
      readonly file: string;
      readonly objects: readonly number[];
      readonly findings: readonly Finding[];
      readonly ignored: readonly IgnoredObject[];
    }
  /** The end of a reading: its parts, in order, and where their chunks stand now. What they do not name is gone. */
  | {
      readonly kind: "state";
      readonly parts: readonly number[];
      readonly moved: readonly (readonly [chunk: number, linesAbove: number])[];
    };

/** Line (in the chunk) and column by JSON pointer. */
export type Positions = ReadonlyMap<string, readonly [line: number, column: number]>;

/** From the worker. A batch is answered with `next`, before which no other is sent. */
export type FromWorker =
  | { readonly kind: "batch"; readonly items: readonly SentItem[] }
  | { readonly kind: "reloaded"; readonly id: number };

export type ToWorker = { readonly kind: "next" } | { readonly kind: "reload"; readonly id: number };

export type WorkerSettings = { readonly paths: readonly string[]; readonly watch: "changes" | "nothing" };
