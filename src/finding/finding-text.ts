/** Longest text of a finding, in UTF-16 units: what is quoted in it comes from objects, where it has no bound. */
const longest = 2_000;
/** Of a text that is too long, what is kept of its end: there it says what comes of the value. */
const keptOfEnd = 400;
const userOfUrl = /:\/\/[^\s/?#"'@]+@/g;

/** A text that may be shown anywhere: without the users and passwords of URLs, and with its middle left out if it is too long. */
export function findingText(text: string): string {
  const shown = text.includes("@") ? text.replace(userOfUrl, "://••••@") : text;
  if (shown.length <= longest) return shown;
  return `${shown.slice(0, longest - keptOfEnd)} … ${shown.slice(-keptOfEnd)}`.toWellFormed();
}
