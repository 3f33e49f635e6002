/** Codes that are no longer made: they are never given to another finding. By the name that the finding had. */
export const retiredFindings = {
  "listener-not-served": {
    code: "SL7005",
    title: "The data plane does not serve the protocol of a listener",
  },
} as const satisfies Record<string, { readonly code: `SL${number}`; readonly title: string }>;
