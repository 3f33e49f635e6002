/** Reads the commands of an example's README, with the answers that the comment under each promises. */

/** One `curl` line and what is said of its answer. */
export type ReadmeRequest = {
  /** As written. */
  readonly line: string;
  readonly url: URL;
  readonly method: string;
  /** `2`: with prior knowledge. */
  readonly http: 1 | 2;
  readonly headers: Readonly<Record<string, string>>;
  /** Files with the client's certificate and key. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** How often it is asked: `for i in $(seq N)`. */
  readonly times: number;
  readonly expected: Expectation;
};

export type Expectation = {
  /** Absent when only shares are promised. */
  readonly status?: number;
  readonly service?: string;
  /** Answers by service, of `times`. */
  readonly shares: Readonly<Record<string, number>>;
  /** Response headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path that the backend saw. */
  readonly path?: string;
  /** Headers that the backend saw. */
  readonly seen: Readonly<Record<string, string>>;
  /** Headers that the backend did not see. */
  readonly unseen: readonly string[];
  readonly bodyHas?: string;
  /** There is no answer at all. */
  readonly refused?: true;
};

export type ReadmeCommands = { readonly run: readonly string[]; readonly requests: readonly ReadmeRequest[] };

/** Throws when a command cannot be read, so that a README cannot promise what no test checks. */
export function readCommands(markdown: string): ReadmeCommands {
  const lines = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.split("\n"));
  const runLine = lines.find((line) => line.startsWith("npm run -s sluice -- run "));
  if (!runLine) throw new Error("the README has no line that starts Sluice");
  const requests = lines.flatMap((line, index) => {
    if (!line.includes("curl ")) return [];
    const promise = lines[index + 1] ?? "";
    if (!promise.startsWith("# ")) throw new Error(`no answer is promised for: ${line}`);
    return [readRequest(line, promise.slice(2))];
  });
  return { run: words(runLine).slice(6), requests };
}

function readRequest(line: string, promise: string): ReadmeRequest {
  const loop = /^for i in \$\(seq (\d+)\); do (curl .*); done$/.exec(line);
  const [command, ...args] = words(loop?.[2] ?? line);
  if (command !== "curl") throw new Error(`not a curl command: ${line}`);
  const headers: Record<string, string> = {};
  let url: URL | undefined;
  let method = "GET";
  let http: 1 | 2 = 1;
  const client = { cert: "", key: "" };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "-i" || arg === "-k" || arg === "-s") continue;
    if (arg === "--resolve") index += 1;
    else if (arg === "--http2-prior-knowledge") http = 2;
    else if (arg === "--cert" || arg === "--key") client[arg === "--cert" ? "cert" : "key"] = args[++index] ?? "";
    else if (arg === "-X") method = args[++index] ?? "";
    else if (arg === "-H") {
      const [name = "", ...value] = (args[++index] ?? "").split(":");
      headers[name.toLowerCase()] = value.join(":").trim();
    } else if (arg.startsWith("http")) url = new URL(arg);
    else throw new Error(`"${arg}" is not understood in: ${line}`);
  }
  if (!url) throw new Error(`no URL in: ${line}`);
  const times = Number(loop?.[1] ?? 1);
  const known = { line, url, method, http, headers, times, expected: readPromise(promise) };
  return client.cert === "" ? known : { ...known, client };
}

function readPromise(text: string): Expectation {
  const headers: Record<string, string> = {};
  const seen: Record<string, string> = {};
  const unseen: string[] = [];
  const shares: Record<string, number> = {};
  let plain: { status?: number; service?: string; path?: string; bodyHas?: string; refused?: true } = {};
  for (const part of text.split("; ")) {
    const status = /^(\d{3})(?: from (\S+))?$/.exec(part);
    const share = /^(\d+) of \d+ from (\S+)$/.exec(part);
    const path = /^the backend sees path (\S+)$/.exec(part);
    const backend = /^the backend sees ([\w-]+): (.+)$/.exec(part);
    const hidden = /^the backend does not see ([\w-]+)$/.exec(part);
    const body = /^the body has (\S+)$/.exec(part);
    const header = /^([\w-]+): (.+)$/.exec(part);
    if (status) plain = { ...plain, status: Number(status[1]), ...(status[2] ? { service: status[2] } : {}) };
    else if (part === "refused in the handshake") plain = { ...plain, refused: true };
    else if (hidden) unseen.push(hidden[1] ?? "");
    else if (share) shares[share[2] ?? ""] = Number(share[1]);
    else if (path) plain = { ...plain, path: path[1] ?? "" };
    else if (backend) seen[backend[1] ?? ""] = backend[2] ?? "";
    else if (body) plain = { ...plain, bodyHas: body[1] ?? "" };
    else if (header) headers[header[1] ?? ""] = header[2] ?? "";
    else throw new Error(`"${part}" is not a promise that can be checked`);
  }
  return { ...plain, headers, seen, unseen, shares };
}

/** Words of a shell line; single and double quotes only group. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? found[2] ?? found[3] ?? "");
}
