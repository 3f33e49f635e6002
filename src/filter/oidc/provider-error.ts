/**
 * Why a provider gave nothing that could be used. `unreachable`: no whole answer in time, or too many are asked for at once.
 * `refused`: it does not let the user in. `client`: it does not take the gateway's id or secret, or what the gateway asks.
 * `invalid`: what it said cannot be understood, or is not true.
 */
export type ProviderFailure = "unreachable" | "refused" | "client" | "invalid";

export class ProviderError extends Error {
  readonly kind: ProviderFailure;

  constructor(kind: ProviderFailure, cause: unknown) {
    super(`provider: ${kind}`, { cause });
    this.kind = kind;
  }
}

/** Of whatever was thrown where a provider was asked. */
export function failureOf(error: unknown): ProviderFailure {
  return error instanceof ProviderError ? error.kind : "invalid";
}
