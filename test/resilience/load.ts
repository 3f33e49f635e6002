import { Agent, request } from "node:http";

/** One request's answer; status 0: there was none. */
export type Answered = { readonly status: number; readonly backend: string; readonly ms: number };

export type Load = {
  readonly port: number;
  readonly host: string;
  readonly requests: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** Headers of the n-th request. */
  readonly headers?: (index: number) => Readonly<Record<string, string>>;
};

/** Sends requests to the gateway, and says how each went, in the order in which they were sent. */
export async function send({
  port,
  host,
  requests,
  concurrency,
  headers = () => ({}),
}: Load): Promise<readonly Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const answers: Answered[] = [];
  let next = 0;
  const worker = async () => {
    while (next < requests) {
      const index = next++;
      answers[index] = await ask(port, { host, ...headers(index) }, agent);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return answers;
}

/** How many of them failed. */
export function failures(answers: readonly Answered[]): number {
  return answers.filter(({ status }) => status !== 200).length;
}

function ask(port: number, headers: Readonly<Record<string, string>>, agent: Agent): Promise<Answered> {
  const startMs = performance.now();
  const answered = (status: number, backend: string) => ({ status, backend, ms: performance.now() - startMs });
  return new Promise((resolve) => {
    const sent = request({ port, host: "127.0.0.1", headers, agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(answered(response.statusCode ?? 0, String(response.headers["x-backend"]))));
      response.on("error", () => resolve(answered(0, "")));
    });
    sent.on("error", () => resolve(answered(0, "")));
    sent.end();
  });
}
