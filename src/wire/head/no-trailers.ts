import type { HeaderField } from "../http2/hpack-table.ts";

/** The trailers of a message that has none. */
export const noTrailers: readonly HeaderField[] = [];
