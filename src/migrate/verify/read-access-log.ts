/** Requests of an access log: that of ingress-nginx (nginx's combined format, longer), or that of Sluice (JSON). */

export type LoggedRequest = {
  /** `undefined`: the log does not tell. */
  readonly host: string | undefined;
  /** `namespace-name-port` as ingress-nginx names Services; `""`: no backend was asked, or the log does not tell. */
  readonly upstream: string;
  readonly method: string;
  /** Path and query, as far as they were logged. */
  readonly target: string;
  readonly status: number;
  readonly client: string;
  /** Lines that say the same. */
  readonly times: number;
};

export type ReadLog = {
  /** The most frequent first. */
  readonly requests: readonly LoggedRequest[];
  /** Lines that are of neither format. */
  readonly unread: number;
};

/** More different requests than this are not kept: the rarest are left out. */
const maxLoggedRequests = 20_000;

/** `192.0.2.1 - user [time] "GET /a HTTP/1.1" 200 5 "-" "agent" 90 0.001 [shop-app-80] [] …`; all behind the size may be missing. */
const combined =
  /^(\S+) \S+ .*?\[[^\]]*\] "([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) \S+(?: ".*?" ".*?" \d+ [\d.]+ \[([^\]]*)\])?/;

export function readAccessLog(text: string): ReadLog {
  const counted = new Map<string, LoggedRequest>();
  let unread = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const request = line.startsWith("{") ? readJson(line) : readCombined(line);
    if (request === undefined) {
      unread++;
      continue;
    }
    const { host, upstream, method, target, status } = request;
    const key = JSON.stringify([host, upstream, method, target, status]);
    counted.set(key, { ...request, times: (counted.get(key)?.times ?? 0) + 1 });
  }
  const requests = [...counted.values()].sort((a, b) => b.times - a.times).slice(0, maxLoggedRequests);
  return { requests, unread };
}

function readCombined(line: string): LoggedRequest | undefined {
  const [, client, method, target, status, upstream = ""] = combined.exec(line) ?? [];
  if (client === undefined || method === undefined || target === undefined) return undefined;
  return {
    host: undefined,
    upstream: upstream === "-" ? "" : upstream,
    method,
    target,
    status: Number(status),
    client,
    times: 1,
  };
}

function readJson(line: string): LoggedRequest | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { hostname, method, path, status_code: status, source_ip: client } = fields;
  if (typeof hostname !== "string" || typeof method !== "string" || typeof path !== "string") return undefined;
  return {
    host: hostname,
    upstream: "",
    method,
    target: path,
    status: Number(status),
    client: typeof client === "string" ? client : "",
    times: 1,
  };
}
