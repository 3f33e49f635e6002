import { z } from "zod";
import { fraction } from "../fraction.ts";
import { optional } from "../optional.ts";
import { uint32 } from "./sizes.ts";

/** Spec: CircuitBreaker. Limits of what goes to one backend at a time; what is above them is answered with 503. */
export const circuitBreaker = z.object({
  maxConnections: uint32.default(1024).describe("Connections to the backend."),
  maxPendingRequests: uint32.default(1024).describe("Requests that wait for a connection."),
  maxParallelRequests: uint32.default(1024).describe("Requests that are being answered."),
  maxParallelRetries: uint32.default(1024).describe("Retries that are being answered."),
  maxRequestsPerConnection: optional(uint32, "Requests after which a connection is not used again. Default: no limit."),
  perEndpoint: optional(
    z.object({ maxConnections: uint32.default(1024).describe("Connections to each endpoint.") }),
    "Limits of each endpoint.",
  ),
  retryBudget: optional(
    z.object({
      percent: optional(fraction, "Share of the parallel requests that may be retries. Default: 20 of 100."),
      minRetryConcurrency: optional(uint32, "Retries that may always run. Default: 3."),
    }),
    "Bounds retries by the number of requests, instead of maxParallelRetries.",
  ),
});
