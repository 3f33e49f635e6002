const userOfUrl = /:\/\/[^\s/?#"'@]+@/g;

/** A text that may be shown anywhere: without the users and passwords of URLs. */
export function withoutCredentials(text: string): string {
  return text.includes("@") ? text.replace(userOfUrl, "://••••@") : text;
}

/** Longest text in which values are quoted that have no bound where they are written. UTF-16 units. */
const longest = 2_000;
/** Of a text that is too long, what is kept of its end: there it says what comes of the value. */
const keptOfEnd = 400;

/** The text with its middle left out if it is too long. */
export function shortText(text: string): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - keptOfEnd)} … ${text.slice(-keptOfEnd)}`.toWellFormed();
}
