import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Finding } from "../../finding/finding.ts";
import { fileFinding } from "./file-finding.ts";
import { unreadable } from "./list-files.ts";

/** Bytes that a file, or standard input, may have. */
export const fileSizeLimitBytes = 16 * 1024 * 1024;

/** Bytes that all files together may have. */
export const totalSizeLimitBytes = 64 * 1024 * 1024;

/** Text of a file with a fingerprint of its bytes, or why it has none. */
export type FileText =
  | { readonly text: string; readonly hash: string; readonly bytes: number }
  | { readonly finding: Finding };

/** Reads a file of at most 16 MiB of UTF-8. `bytesLeft`: what is left of what all files together may have. */
export async function readText(path: string, bytesLeft: number): Promise<FileText> {
  try {
    await using handle = await open(path, "r");
    return await decode(path, handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 }), bytesLeft);
  } catch (error) {
    return { finding: unreadable(path, error) };
  }
}

/** Reads standard input, or any stream, under the same limits. Its file name in positions is `-`. */
export async function readStream(stream: AsyncIterable<Uint8Array | string>): Promise<FileText> {
  try {
    return await decode("-", stream, fileSizeLimitBytes);
  } catch (error) {
    return { finding: unreadable("-", error) };
  }
}

async function decode(file: string, stream: AsyncIterable<Uint8Array | string>, bytesLeft: number): Promise<FileText> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : Buffer.from(part);
    size += bytes.length;
    if (size > fileSizeLimitBytes) {
      return {
        finding: fileFinding("source-too-large", file, {
          message: `\`${file}\` is larger than ${fileSizeLimitBytes / 1024 / 1024} MiB.`,
          fix: "Split it into several files.",
        }),
      };
    }
    if (size > bytesLeft) {
      return {
        finding: fileFinding("source-too-large", file, {
          message: `\`${file}\` is not read: all files together are larger than ${totalSizeLimitBytes / 1024 / 1024} MiB.`,
          fix: "Pass fewer or smaller folders.",
        }),
      };
    }
    parts.push(bytes);
  }
  const bytes = Buffer.concat(parts);
  try {
    // The decoder drops a byte order mark.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, hash: createHash("sha256").update(bytes).digest("hex"), bytes: size };
  } catch {
    return {
      finding: fileFinding("syntax-error", file, {
        message: `\`${file}\` is not UTF-8 text.`,
        fix: "Save it as UTF-8.",
      }),
    };
  }
}
