import { durationMs } from "../../base/duration.ts";
import type { BackendSettings } from "./backend-settings.ts";
import { maxTableSize } from "./load-balancing.ts";
import { compileOutlierDetection } from "./outlier-detection.ts";

/** A setting that can never do what it says. */
export type IdleSetting = {
  /** Below `spec`, such as `/retry/perRetry/timeout`. */
  readonly pointer: string;
  readonly message: string;
  readonly fix: string;
};

/** The settings of one policy that can never do what they say, whatever happens. */
export function findIdleSettings(settings: BackendSettings): readonly IdleSetting[] {
  return checks.flatMap((check) => check(settings) ?? []);
}

type Check = (settings: BackendSettings) => IdleSetting | undefined;

const checks: readonly Check[] = [
  ({ healthCheck }) => {
    const passive = healthCheck?.passive;
    if (passive === undefined || passive.failurePercentageThreshold !== undefined) return undefined;
    const { consecutive5xx, consecutiveGatewayErrors, ...local } = compileOutlierDetection(passive);
    const ofLocal = local.splitsLocalOrigin ? local.consecutiveLocalOriginFailures : 0;
    if (consecutive5xx + consecutiveGatewayErrors + ofLocal > 0) return undefined;
    return {
      pointer: "/healthCheck/passive",
      message: "Every count of healthCheck.passive is 0, so no endpoint is ever ejected.",
      fix: "Write how many errors in a row eject an endpoint, for example `consecutive5XxErrors: 5`.",
    };
  },
  ({ healthCheck }) => {
    const passive = healthCheck?.passive;
    if (passive?.maxEjectionPercent !== 0 || passive.alwaysEjectOneEndpoint) return undefined;
    return {
      pointer: "/healthCheck/passive/maxEjectionPercent",
      message: "maxEjectionPercent is 0, so no endpoint is ever ejected.",
      fix: "Write a percentage, or `alwaysEjectOneEndpoint: true`.",
    };
  },
  ({ healthCheck }) => {
    if (healthCheck?.panicThreshold === undefined || healthCheck.active || healthCheck.passive) return undefined;
    return {
      pointer: "/healthCheck/panicThreshold",
      message: "panicThreshold has no effect: without active or passive checks every endpoint counts as healthy.",
      fix: "Add healthCheck.active or healthCheck.passive, or remove panicThreshold.",
    };
  },
  ({ retry }) => {
    const { triggers, httpStatusCodes } = retry?.retryOn ?? {};
    if (httpStatusCodes === undefined || triggers === undefined || triggers.length === 0) return undefined;
    if (triggers.includes("retriable-status-codes")) return undefined;
    return {
      pointer: "/retry/retryOn/httpStatusCodes",
      message: "The status codes are not retried: retryOn.triggers does not list retriable-status-codes.",
      fix: "Add retriable-status-codes to retryOn.triggers, or remove httpStatusCodes.",
    };
  },
  ({ retry, timeout }) => {
    const attemptMs = durationMs(retry?.perRetry?.timeout ?? "") ?? 0;
    const requestMs = durationMs(timeout?.http?.requestTimeout ?? "") ?? 0;
    if (attemptMs === 0 || requestMs === 0 || attemptMs < requestMs) return undefined;
    return {
      pointer: "/retry/perRetry/timeout",
      message: `An attempt may take ${attemptMs} ms, but the whole request only ${requestMs} ms: one that takes too long is never retried.`,
      fix: "Shorten retry.perRetry.timeout, or raise timeout.http.requestTimeout.",
    };
  },
  ({ loadBalancer }) => {
    const { tableSize } = loadBalancer?.consistentHash ?? {};
    if (tableSize === undefined || tableSize <= maxTableSize) return undefined;
    return {
      pointer: "/loadBalancer/consistentHash/tableSize",
      message: `A table has at most ${maxTableSize} entries; tableSize is ${tableSize}.`,
      fix: `Write at most ${maxTableSize}: enough for thousands of endpoints.`,
    };
  },
];
