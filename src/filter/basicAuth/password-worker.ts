/** The thread that checks passwords: each message is one, each answer is one. */
import { parentPort } from "node:worker_threads";
import type { PasswordHash } from "../../ir/htpasswd.ts";
import { passwordMatches } from "./password-matches.ts";

export type PasswordQuestion = { readonly id: number; readonly password: string; readonly hash: PasswordHash };
export type PasswordAnswer = { readonly id: number; readonly matches: boolean };

parentPort?.on("message", ({ id, password, hash }: PasswordQuestion) => {
  parentPort?.postMessage({ id, matches: passwordMatches(password, hash) } satisfies PasswordAnswer);
});
