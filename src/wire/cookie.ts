/** The value of every cookie of that name in a `Cookie` header, in its order; quotes around one are no part of it. RFC 6265 section 4.2. */
export function cookieValues(header: string, name: string): readonly string[] {
  const values: string[] = [];
  for (const part of header.split(";")) {
    const pair = part.trim();
    if (pair.startsWith(`${name}=`)) values.push(pair.slice(name.length + 1).replace(/^"(.*)"$/, "$1"));
  }
  return values;
}

/** A Cookie header without the cookies of some names; `""`: nothing is left of it. */
export function withoutCookies(header: string, names: ReadonlySet<string>): string {
  return header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !names.has(part.split("=", 1)[0]?.trim() as string))
    .join("; ");
}
