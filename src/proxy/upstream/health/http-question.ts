import type { HttpProbe } from "../../../ir/traffic/health-check.ts";
import { HeadWriter } from "../../../wire/http1/serialize.ts";
import type { Question } from "./asked-probe.ts";

/** The request of an HTTP check; `host` where the policy names none. Spec: BackendTrafficPolicy.healthCheck.active.http. */
export function httpQuestion(probe: HttpProbe, host: string): Question {
  const content = Buffer.from(probe.content, "base64");
  const expected = Buffer.from(probe.expectedContent, "base64");
  const writer = new HeadWriter(256)
    .text(`${probe.method} ${probe.path} HTTP/1.1`)
    .crlf()
    .field("host", probe.hostname === "" ? host : probe.hostname)
    .field("user-agent", "sluice-health-check");
  if (content.length > 0) writer.contentLength(content.length);
  return {
    message: { method: probe.method, head: writer.crlf().take(), content, acceptsTrailers: false, logsIn: false },
    judge: ({ status, content: answer }) => {
      if (!probe.expectedStatuses.includes(status)) {
        const kind = probe.retriableStatuses.includes(status) ? "failure" : "verdict";
        return { kind, reason: `the status is ${status}` };
      }
      if (answer.includes(expected)) return { kind: "success" };
      return { kind: "verdict", reason: "the content is not what is expected" };
    },
  };
}
