import type { BuildFilter } from "../contract/build.ts";
import type { ContentStream, HeldContent } from "../contract/content.ts";
import { type FilterExchange, type Waiting, waiting } from "../contract/exchange.ts";
import { type FilterHook, onOutcome } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";
import type { RequestHead, ResponseHead } from "../contract/message.ts";
import { applyMutation, applyToRequest, headersOf, immediateReply } from "./apply-answer.ts";
import { ProcessCall } from "./process-call.ts";
import { BufferedContent, type ContentRules, maxBufferedBytes, StreamedContent } from "./processed-content.ts";
import { attributesOf, makeProcessingService } from "./processing-service.ts";

/** What is kept of an exchange: the conversation about it, and the content that is shown. */
type Processing = {
  readonly call: ProcessCall;
  request: StreamedContent | undefined;
  response: StreamedContent | BufferedContent | undefined;
};

const noBytes = Buffer.alloc(0);

/**
 * Shows requests and answers to a service, which changes them or answers itself. Clients' trailers do not pass: the service sees none of
 * them. Spec: `envoy.service.ext_proc.v3.ExternalProcessor`; ExtProc of Envoy Gateway.
 */
export const buildExternalProcessing: BuildFilter<"externalProcessing"> = (filter, services) => {
  const service = makeProcessingService(filter, services);
  const { failOpen } = filter;
  const failure = problem(filter.errorStatus, "EPE", "The request could not be processed.");
  const rules = (of: ContentRules["of"]): ContentRules => ({ of, failOpen, failure });
  const processingOf = (exchange: FilterExchange): Processing => {
    const known = exchange.state as Processing | undefined;
    if (known !== undefined) return known;
    const made: Processing = { call: new ProcessCall(service), request: undefined, response: undefined };
    exchange.state = made;
    return made;
  };

  /** Shows the head, then the content if it is there as a whole. */
  const askRequest = (request: RequestHead, exchange: FilterExchange, content: HeldContent | undefined): Waiting => {
    const { call } = processingOf(exchange);
    const bytes = content?.bytes ?? noBytes;
    const end = content === undefined ? !request.copyHead().announcesContent : bytes.length === 0;
    const { facts } = exchange;
    const pseudo = [
      [":method", request.method],
      [":scheme", facts.scheme],
      [":authority", request.sentHost()],
      [":path", request.askedTarget()],
    ] as const;
    const attributes = attributesOf(filter.request?.attributes ?? [], facts);
    call.ask({ kind: "headers", of: "request", headers: headersOf(pseudo, request), end }, attributes, (answer) => {
      if (answer === undefined) exchange.resume(failOpen ? undefined : failure);
      else if (answer.kind === "immediate") exchange.resume(immediateReply(answer));
      else {
        applyToRequest(request, answer.mutation);
        if (content === undefined || end) exchange.resume(undefined);
        else askContent(content, request, exchange);
      }
    });
    return waiting;
  };
  const askContent = (content: HeldContent, request: RequestHead, exchange: FilterExchange): void => {
    const { bytes } = content;
    processingOf(exchange).call.ask({ kind: "body", of: "request", bytes, end: true }, {}, (answer) => {
      if (answer === undefined) exchange.resume(failOpen ? undefined : failure);
      else if (answer.kind === "immediate") exchange.resume(immediateReply(answer));
      else {
        applyToRequest(request, answer.mutation);
        if (answer.body !== undefined) content.replace(answer.body);
        exchange.resume(undefined);
      }
    });
  };
  const askResponse = (response: ResponseHead, exchange: FilterExchange): Waiting | undefined => {
    const { call } = processingOf(exchange);
    // Its own answer, or the one that stands for its silence.
    if (call.failed || call.isOver) return undefined;
    const headers = headersOf([[":status", String(response.status)]], response);
    const attributes = attributesOf(filter.response?.attributes ?? [], exchange.facts);
    call.ask({ kind: "headers", of: "response", headers, end: false }, attributes, (answer) => {
      if (answer === undefined) exchange.resume(failOpen ? undefined : failure);
      else if (answer.kind === "immediate") exchange.resume(immediateReply(answer));
      else {
        applyMutation(response, answer.mutation);
        exchange.resume(undefined);
      }
    });
    return waiting;
  };

  const hooks: FilterHook[] = [];
  const cancel = ({ state }: FilterExchange): void => (state as Processing | undefined)?.call.cancel();
  const shows = ({ state }: FilterExchange): Processing | undefined => {
    const processing = state as Processing | undefined;
    return processing === undefined || processing.call.failed || processing.call.isOver ? undefined : processing;
  };
  const ofStream = ({ exchange }: ContentStream): Processing => exchange.state as Processing;
  if (filter.request?.body === "buffered")
    hooks.push({
      phase: "requestContent",
      above: "refuse",
      maxBytes: maxBufferedBytes,
      onContent: (content, request, exchange) => askRequest(request, exchange, content),
      cancel,
    });
  else if (filter.request !== undefined)
    hooks.push({
      phase: "request",
      onRequest: (request, exchange) => askRequest(request, exchange, undefined),
      cancel,
    });
  if (filter.request?.body === "streamed")
    hooks.push({
      phase: "requestStream",
      start: (_request, exchange) => {
        const processing = shows(exchange);
        if (processing === undefined) return "pass";
        processing.request = new StreamedContent(processing.call, rules("request"));
        return "change";
      },
      onContent: (bytes, stream) => ofStream(stream).request?.add(bytes, stream),
      onEnd: (stream) => ofStream(stream).request?.end(stream),
      cancel: () => {},
    });
  if (filter.response !== undefined) hooks.push({ phase: "response", onResponse: askResponse, cancel });
  if (filter.response !== undefined && filter.response.body !== "none") {
    const Content = filter.response.body === "buffered" ? BufferedContent : StreamedContent;
    hooks.push({
      phase: "responseStream",
      start: (_response, exchange) => {
        const processing = shows(exchange);
        if (processing === undefined) return "pass";
        processing.response = new Content(processing.call, rules("response"));
        return "change";
      },
      onContent: (bytes, stream) => ofStream(stream).response?.add(bytes, stream),
      onEnd: (stream) => ofStream(stream).response?.end(stream),
      cancel: () => {},
    });
  }
  hooks.push(
    onOutcome((_outcome, { state }) => {
      const call = (state as Processing | undefined)?.call;
      if (call === undefined) return;
      if (!call.failed && !call.isOver) service.counters.processed.add(1);
      call.cancel();
    }),
  );
  return { hooks, claimedTrailers: "all", carried: undefined };
};
