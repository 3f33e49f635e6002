import { styleText } from "node:util";

/** What a piece of text means; the colour follows from it. */
export type Tone = "error" | "warning" | "info" | "good" | "strong" | "faint" | "mark";

/** Colours text, or hands it back unchanged. */
export type Paint = (tone: Tone, text: string) => string;

const styles = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  info: ["bold", "cyan"],
  good: ["green"],
  strong: ["bold"],
  faint: ["dim"],
  mark: ["red"],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

const colored: Paint = (tone, text) => styleText([...styles[tone]], text, { validateStream: false });
const plain: Paint = (_tone, text) => text;

/** The paint for a stream: `color` says whether it takes colours. */
export function paintFor(stream: { readonly color: boolean }): Paint {
  return stream.color ? colored : plain;
}
