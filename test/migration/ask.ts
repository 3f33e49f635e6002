/** Puts the requests of a case to a gateway, and writes what happens as the recording does. */
import { setTimeout as wait } from "node:timers/promises";
import { Client, type ClientOptions, type ReceivedAnswer, sentHeaders } from "./client.ts";
import type { EchoBackend, SeenRequest } from "./echo-backend.ts";
import type { ServiceAddresses } from "./served-manifests.ts";
import { endpointLabel, sightsOf } from "./sight.ts";
import type { Answer, Sight, TruthRequest } from "./truth-case.ts";

export type AskOptions = ClientOptions & {
  readonly backend: EchoBackend;
  readonly services: readonly ServiceAddresses[];
};

/** How long a backend may take to notice that a request of an ended exchange was given up. */
const settleMs = 10;

/** Headers of answers that are listed by themselves, or say nothing. */
const unlisted: ReadonlySet<string> = new Set([
  "date",
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
  "x-echo-reply",
  "location",
  "set-cookie",
]);

/** What came of one exchange. */
type Exchange = { readonly received: ReceivedAnswer; readonly seen: readonly SeenRequest[] };

/** The answers to all requests of a case, in their order. */
export async function askAll(requests: readonly TruthRequest[], options: AskOptions): Promise<readonly Answer[]> {
  const earlier = new Map<string, Exchange>();
  const answers: Answer[] = [];
  for (const request of requests) {
    if (request.sticky) answers.push(await askInRounds(request, options));
    else if (request.times) answers.push(await askOften(request, options));
    else answers.push(await askOnce(request, options, earlier));
  }
  return answers;
}

async function askOnce(request: TruthRequest, options: AskOptions, earlier: Map<string, Exchange>): Promise<Answer> {
  const first = request.cookiesFrom === undefined ? undefined : earlier.get(request.cookiesFrom);
  const cookies = first ? cookiesOf(first.received) : [];
  const exchange = await exchangeOf(request, options, cookies);
  earlier.set(request.name, exchange);
  const answer = describe(exchange, { ...request, headers: [...sentHeaders(request), ...cookies] }, options);
  if (!first || !request.cookiesFrom) return answer;
  const same = exchange.seen.every(({ address }) => address === first.seen[0]?.address);
  return { ...answer, sameEndpointAs: { [request.cookiesFrom]: same } };
}

async function exchangeOf(
  request: TruthRequest,
  options: AskOptions,
  headers: readonly (readonly [string, string])[],
): Promise<Exchange> {
  options.backend.take();
  using client = new Client(options);
  const received = await client.send(request, headers);
  await wait(settleMs);
  return { received, seen: options.backend.take() };
}

async function askOften(request: TruthRequest, options: AskOptions): Promise<Answer> {
  const { backend, services } = options;
  const { times = 1 } = request;
  const counts = new Map<string, number>();
  const count = (label: string): void => void counts.set(label, (counts.get(label) ?? 0) + 1);
  backend.take();
  if (request.parallel) {
    const received = await Promise.all(Array.from({ length: times }, () => sendOnce(request, options)));
    const labels = backend.take().map((seen) => endpointLabel(seen, services));
    for (const answer of received) count(isOfBackend(answer) ? `200 ${labels[0] ?? "?"}` : `${answer.status} nginx`);
  } else {
    using client = new Client(options);
    for (let at = 0; at < times; at++) {
      const answer = request.fresh ? await sendOnce(request, options) : await client.send(request);
      const [seen] = backend.take();
      count(
        `${answer.status ?? answer.error} ${isOfBackend(answer) && seen ? endpointLabel(seen, services) : "nginx"}`,
      );
    }
  }
  return { name: request.name, times, counts: Object.fromEntries([...counts].sort()) };
}

async function sendOnce(request: TruthRequest, options: AskOptions): Promise<ReceivedAnswer> {
  using client = new Client(options);
  return await client.send(request);
}

async function askInRounds(request: TruthRequest, options: AskOptions): Promise<Answer> {
  const { rounds, follow } = request.sticky ?? { rounds: 0, follow: 0 };
  const firstRequestsWentTo: Record<string, number> = {};
  const endpoints = new Set<string>();
  const totals = { followUps: 0, followUpsToTheSameEndpoint: 0, followUpsWithANewCookie: 0 };
  for (let round = 0; round < rounds; round++) {
    const first = await exchangeOf(request, options, []);
    const [seen] = first.seen;
    const label = seen ? endpointLabel(seen, options.services) : "nginx";
    firstRequestsWentTo[label] = (firstRequestsWentTo[label] ?? 0) + 1;
    endpoints.add(seen?.address ?? "nginx");
    for (let at = 0; at < follow; at++) {
      const next = await exchangeOf(request, options, cookiesOf(first.received));
      totals.followUps++;
      if (next.seen[0]?.address === seen?.address) totals.followUpsToTheSameEndpoint++;
      if (next.received.headers.some(([name]) => /^set-cookie$/i.test(name))) totals.followUpsWithANewCookie++;
    }
  }
  return { name: request.name, rounds, firstRequestsWentTo, differentEndpoints: endpoints.size, ...totals };
}

/** The cookies of an answer as a request sends them back. */
function cookiesOf({ headers }: ReceivedAnswer): readonly (readonly [string, string])[] {
  const cookies = headers
    .filter(([name]) => /^set-cookie$/i.test(name))
    .map(([, value]) => (value.split(";")[0] as string).trim());
  return cookies.length === 0 ? [] : [["Cookie", cookies.join("; ")]];
}

function isOfBackend({ headers }: ReceivedAnswer): boolean {
  return headers.some(([name]) => /^x-echo-reply$/i.test(name));
}

function describe({ received, seen }: Exchange, request: TruthRequest, { services }: AskOptions): Answer {
  const { name } = request;
  const sights = sightsOf(seen, request, services);
  if (received.error !== undefined) {
    const requests = seen.length > 20 ? { requestsAtBackends: "more than 20" } : {};
    return { name, error: received.error, ...requests };
  }
  const own = !isOfBackend(received) && received.status !== 101;
  const headers = listedHeaders(received, own);
  const cookies = received.headers.filter(([header]) => /^set-cookie$/i.test(header)).map(([, value]) => value);
  const location = received.headers.find(([header]) => /^location$/i.test(header))?.[1];
  const elapsedMs = received.endedMs - received.startedMs;
  return {
    name,
    ...(received.status === undefined ? {} : { status: received.status }),
    ...(location === undefined ? {} : { location }),
    ...(cookies.length === 0 ? {} : { setCookie: cookies }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(received.trailers["grpc-status"] === undefined
      ? {}
      : { trailers: { "grpc-status": received.trailers["grpc-status"] } }),
    ...(request.showTime ? { seconds: Math.round(elapsedMs / 1000) } : {}),
    ...(received.cut === undefined ? {} : { cut: received.cut }),
    ...(request.showBodyBytes && received.cut === undefined ? { bodyBytes: received.body.length } : {}),
    ...(own ? { body: received.body.toString() } : {}),
    ...(received.frame ? { websocket: "frame received" } : {}),
    ...(sights.auth.length === 0 ? {} : { auth: sights.auth }),
    ...backendsOf(sights.backends),
    ...(request.showBackendDelay && seen[0]
      ? { secondsUntilTheBackendSawTheRequest: Math.round((seen[0].atMs - received.startedMs) / 500) / 2 }
      : {}),
  };
}

function backendsOf(backends: readonly Sight[]): Pick<Answer, "backend" | "backends"> {
  if (backends.length > 1) return { backends };
  return { backend: backends[0] ?? null };
}

function listedHeaders({ headers }: ReceivedAnswer, own: boolean): Readonly<Record<string, string>> {
  const listed: Record<string, string> = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (unlisted.has(name) || (name === "content-type" && !own)) continue;
    listed[name] = listed[name] === undefined ? value : `${listed[name]}, ${value}`;
  }
  return listed;
}
