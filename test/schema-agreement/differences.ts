/** Where our verdict may differ from the API server's, and why. Whatever else differs is a defect. */
export type Allowed = {
  /** `kind version path what`, with `[]` for indexes. */
  readonly where: RegExp;
  readonly theirs: "accept" | "reject";
  /** Of the API server's message, when it rejects. */
  readonly message?: RegExp;
  readonly why: string;
};

export const allowed: readonly Allowed[] = [
  {
    where: /^GatewayConfig \S+ spec(\.affinity|$)/,
    theirs: "accept",
    message: /larger than \d+ characters of JSON/,
    why: "CEL cannot measure the JSON of fields that a definition does not list; the controller bounds it.",
  },
  {
    where: /^Gateway \S+ spec\.addresses\[\]\.value /,
    theirs: "accept",
    message: /must be an IP address, but it is "(?=[\d.]*\b0\d)\d+(\.\d+){3}"/,
    why: "With leading zeros an address is decimal to some programs and octal to others, and so two addresses (CVE-2021-29923).",
  },
];

/** Lists that are declared and that no object may have, so that nothing can be changed inside of them. */
export const refusedLists: ReadonlySet<string> = new Set([
  // An answer of the gateway's own has no headers to remove.
  "HTTPRouteFilter spec.directResponse.header.remove",
]);
