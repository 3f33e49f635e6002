/** The service of the judge: written with `@grpc/grpc-js`, which is installed into the user's cache folder. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = join(homedir(), ".cache/sluice/grpc-js-1.14.7");
const packages = ["@grpc/grpc-js@1.14.7", "@grpc/proto-loader@0.8.1"];

type Headers = { readonly headers: readonly { readonly key: string; readonly raw_value: Buffer }[] };
type Message = {
  readonly request?: "request_headers" | "response_headers" | "request_body" | "response_body";
  readonly request_headers?: { readonly headers: Headers; readonly end_of_stream?: boolean };
  readonly response_headers?: { readonly headers: Headers };
  readonly request_body?: { readonly body?: Buffer; readonly end_of_stream: boolean };
  readonly response_body?: { readonly body?: Buffer; readonly end_of_stream: boolean };
  readonly attributes?: Readonly<
    Record<string, { readonly fields: Readonly<Record<string, { readonly string_value: string }>> }>
  >;
};
type Call = {
  on(event: "data", take: (message: Message) => void): void;
  on(event: "end" | "error" | "cancelled", take: () => void): void;
  write(answer: unknown): void;
  end(): void;
  destroy(error: Error): void;
};

export type Processor = {
  readonly port: number;
  /** Conversations that are open. */
  open(): number;
  stop(): void;
};

const header = (key: string, value: string) => ({ header: { key, raw_value: Buffer.from(value) } });
const mutation = (set: readonly (readonly [string, string])[], remove: readonly string[] = []) => ({
  header_mutation: { set_headers: set.map(([key, value]) => header(key, value)), remove_headers: remove },
});

/** Starts the service. What it does to an exchange is asked for by the request's `x-case`. */
export async function startProcessor(): Promise<Processor> {
  await mkdir(folder, { recursive: true });
  const load = createRequire(join(folder, "package.json"));
  try {
    load("@grpc/grpc-js");
  } catch {
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
    await run("npm", ["install", "--no-audit", "--no-fund", ...packages], { cwd: folder, timeout: 180_000 });
  }
  const grpc = load("@grpc/grpc-js");
  const file = fileURLToPath(new URL("./external-processor.proto", import.meta.url));
  const definition = load("@grpc/proto-loader").loadSync(file, { keepCase: true, oneofs: true });
  const { ExternalProcessor } = grpc.loadPackageDefinition(definition).envoy.service.ext_proc.v3;
  const server = new grpc.Server();
  let open = 0;
  server.addService(ExternalProcessor.service, {
    Process(call: Call) {
      open++;
      let over = false;
      const close = () => {
        if (!over) open--;
        over = true;
        call.end();
      };
      call.on("end", close);
      call.on("error", close);
      call.on("cancelled", close);
      let asked = "";
      call.on("data", (message) => {
        asked = caseOf(message) ?? asked;
        if (asked === "dies") call.destroy(new Error("as asked"));
        const reply = replyTo(message, asked);
        if (reply !== undefined) call.write(reply);
      });
    },
  });
  const port: number = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error: Error | null, bound: number) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, open: () => open, stop: () => server.forceShutdown() };
}

function caseOf({ request_headers: head }: Message): string | undefined {
  return head?.headers.headers.find(({ key }) => key === "x-case")?.raw_value.toString();
}

/** What the service says; `undefined`: nothing. */
function replyTo(message: Message, asked: string): unknown {
  const kind = message.request;
  if (kind === undefined || asked === "silent") return undefined;
  if (asked === "mixed-up") return { response_body: { response: {} } };
  if (asked === `immediate-at-${kind}`) {
    return {
      immediate_response: {
        status: { code: 403 },
        headers: { set_headers: [header("x-why", "case"), header("content-length", "7")] },
        body: Buffer.from("no, sorry"),
        details: "as asked",
      },
    };
  }
  switch (kind) {
    case "request_headers": {
      const names = message.request_headers!.headers.headers.map(({ key }) => key).join(",");
      const attributes = message.attributes?.["envoy.filters.http.ext_proc"]?.fields ?? {};
      const told = Object.entries(attributes).map(([name, { string_value: value }]) => `${name}=${value}`);
      const set: [string, string][] = [
        ["x-names", names],
        ["x-end", String(message.request_headers!.end_of_stream === true)],
        ["x-told", told.sort().join(";")],
        ["x-forwarded-for", "6.6.6.6"],
        [":authority", "evil.test"],
      ];
      if (asked === "path") set.push([":path", "/rewritten?by=service"]);
      if (asked === "bad-path") set.push([":path", "//evil.test/ HTTP/1.1\r\nx-smuggled: 1"]);
      return { request_headers: { response: mutation(set, ["x-gone"]) } };
    }
    case "response_headers":
      return { response_headers: { response: mutation([["x-answer", "seen"]], ["x-internal"]) } };
    case "request_body":
    case "response_body": {
      const { body = Buffer.alloc(0) } = message[kind]!;
      const upper = Buffer.from(body.toString("latin1").toUpperCase(), "latin1");
      if (asked === "keep") return { [kind]: {} };
      if (asked === "clear") return { [kind]: { response: { body_mutation: { clear_body: true } } } };
      return { [kind]: { response: { body_mutation: { body: upper } } } };
    }
  }
}
