/** The user asked for something that cannot be done as asked. Shown as its message alone; the process exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The reason of a failed system call or parse in plain words, without a stack. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return systemReasons[code] ?? error.message;
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "part of the path is not a folder",
  EADDRINUSE: "the port is taken by another process",
  EADDRNOTAVAIL: "this machine does not have this address",
  ECONNREFUSED: "nothing answers there",
  ECONNRESET: "the connection was closed",
  ENOTFOUND: "the host name is unknown",
  ETIMEDOUT: "no answer came in time",
};
