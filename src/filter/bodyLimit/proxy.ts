import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";

/**
 * Refuses a request with more content than the limit with 413: at once when its head says so, otherwise when it comes. Nothing
 * is held back, so a backend may have seen a part of it.
 */
export const buildBodyLimit: BuildFilter<"bodyLimit"> = ({ maxBytes }) => {
  const tooLarge = problem(413, "DL", "The request's content is larger than the limit.");
  return built(
    onRequest((request) => (Number(request.header("content-length") ?? 0) > maxBytes ? tooLarge : undefined)),
    {
      phase: "requestStream",
      start: (_request, exchange) => {
        exchange.state = 0;
        return "see";
      },
      onContent: (bytes, stream) => {
        const { exchange } = stream;
        const received = (exchange.state as number) + bytes.length;
        exchange.state = received;
        if (received > maxBytes) stream.refuse(tooLarge);
      },
      onEnd: () => {},
      cancel: () => {},
    },
  );
};
