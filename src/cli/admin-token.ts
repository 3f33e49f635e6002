import { readFile } from "node:fs/promises";
import { reasonOf, UsageError } from "../base/usage-error.ts";

const minBytes = 16;
const maxBytes = 4096;

/** The token of `--admin-token-file`, without white space around it. Throws {@link UsageError} for a file that holds none. */
export async function readAdminToken(path: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new UsageError(`The admin token cannot be read: ${reasonOf(error)}.`);
  }
  const { length } = token;
  if (length >= minBytes && length <= maxBytes && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `The admin token in ${path} must be ${minBytes} to ${maxBytes} visible ASCII characters. Make one with: openssl rand -hex 32 > ${path}`,
  );
}
