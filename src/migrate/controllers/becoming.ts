/** What becomes of a setting of an Ingress controller where the Gateway API takes over. */
export type Becoming =
  /** A field of a kind of the Gateway API: every implementation has it. */
  | { readonly kind: "standard"; readonly field: string }
  /** A field of a policy or of a filter of Sluice, because the Gateway API has none. */
  | { readonly kind: "policy"; readonly field: string }
  /** Of the load balancer or of the gateway as a whole, not of routes: set once, by whoever runs the gateway. */
  | { readonly kind: "infrastructure"; readonly field: string }
  /** Nothing has to be written: it changes no answer, or the Gateway API behaves so anyway. */
  | { readonly kind: "nothing"; readonly because: string }
  /** Has to be worked out by a person. */
  | { readonly kind: "manual"; readonly because: string };

export const standard = (field: string): Becoming => ({ kind: "standard", field });
export const policy = (field: string): Becoming => ({ kind: "policy", field });
export const infrastructure = (field: string): Becoming => ({ kind: "infrastructure", field });
export const nothing = (because: string): Becoming => ({ kind: "nothing", because });
export const manual = (because: string): Becoming => ({ kind: "manual", because });

/** In a few words, for tables. */
export function renderBecoming(becoming: Becoming): string {
  if (becoming.kind === "manual") return `by hand: ${becoming.because}`;
  return becoming.kind === "nothing" ? `nothing: ${becoming.because}` : becoming.field;
}
