import { type LocalReply, problem } from "../contract/local-reply.ts";
import { retryAfter } from "./quota.ts";

/** RESOURCE_EXHAUSTED. */
const grpcStatus = 8;

/** What a client is told that asks too often. `waitMs`: until it may ask again. */
export function tooMany(status: number, waitMs: number): LocalReply {
  return { ...problem(status, "RL", "Too many requests.", retryAfter(waitMs)), grpcStatus };
}
