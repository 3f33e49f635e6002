/**
 * Query parameters as matching sees them. The specification asks for exact comparison and leaves encoding open; we compare
 * decoded text as forms and `URLSearchParams` write it: `+` is a space, `%41` is `A`, in UTF-8. What does not decode stays
 * as it is. Names and values that a route writes are decoded alike: both are spelled as in a URL. The query that is
 * forwarded is never touched.
 */

/** First value of every parameter by name. `query` is without `?`; a parameter without `=` has the value `""`. */
export function parseQuery(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let start = 0;
  while (start < query.length) {
    let end = query.indexOf("&", start);
    if (end < 0) end = query.length;
    if (end > start) {
      const equals = query.indexOf("=", start);
      const nameEnd = equals < 0 || equals > end ? end : equals;
      const name = decodeQueryText(query.slice(start, nameEnd));
      if (!values.has(name)) values.set(name, decodeQueryText(query.slice(Math.min(nameEnd + 1, end), end)));
    }
    start = end + 1;
  }
  return values;
}

/** Value of the first parameter of a name, as it is written in the query. `undefined`: there is none. */
export function parameterOf(query: string, name: string): string | undefined {
  const part = query.split("&").find((written) => written !== "" && parameterName(written) === name);
  if (part === undefined) return undefined;
  const equals = part.indexOf("=");
  return equals < 0 ? "" : part.slice(equals + 1);
}

/** A query without the parameters of some names, however these are spelled; what is left stays as it is, byte for byte. */
export function withoutParameters(query: string, names: ReadonlySet<string>): string {
  return query
    .split("&")
    .filter((part) => part !== "" && !names.has(parameterName(part)))
    .join("&");
}

function parameterName(part: string): string {
  return decodeQueryText(part.split("=", 1)[0] ?? "");
}

/** A name or value as it is compared. */
export function decodeQueryText(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return text;
  }
}
