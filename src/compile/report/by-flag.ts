import type { CompileOptions } from "../compile-options.ts";

/** The part of a fix that recommends a flag; empty where that flag cannot be given. */
export function byFlag({ flags }: Pick<CompileOptions, "flags">, flag: string, advice: string): string {
  return flags.includes(flag) ? advice : "";
}
