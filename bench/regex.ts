/** What a pattern costs: milliseconds to compile it, microseconds to match 8 KiB and 48 KiB that suit it worst. */
import { compileRegex } from "../src/base/regex.ts";

const patterns = [
  "/api/v[0-9]+/users/.*",
  "/[^/]{1,63}/[^/]{1,63}/[^/]{1,63}/.*",
  ".*\\.(?:jpe?g|png|gif|css|js|woff2?)",
  "(^|.*;\\s*)canary=always(;.*|$)",
  "(?i).*\\b(?:googlebot|bingbot|yandexbot|duckduckbot|baiduspider|applebot)\\b.*",
  "(.*){240}",
  ".*a.{10}c",
  "/.*a.{900}c",
  "/.{1,100}/.{1,100}",
  "[\\p{L}\\p{N}]".repeat(300),
];
const texts = (length: number) =>
  ["a", "a/", "ab", "é", "ſ"].map((part) => `/${part.repeat(length / part.length)}`.slice(0, length));

/** Compiled anew in every round: an empty group makes another pattern with the same meaning. */
function compileMs(pattern: string): number {
  const times = Array.from({ length: 7 }, (_, round) => {
    const start = performance.now();
    compileRegex(pattern + "(?:)".repeat(round + 1));
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3]!;
}

function matchMicroseconds(pattern: string, length: number): string {
  const regex = compileRegex(pattern);
  if (regex.kind === "error") return "refused";
  const worst = texts(length).map((text) => {
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now();
      regex.matchesWhole(text);
      return (performance.now() - start) * 1000;
    });
    return times.sort((a, b) => a - b)[10]!;
  });
  return Math.max(...worst).toFixed(0);
}

console.log(
  `${"pattern".padEnd(64)} ${["compile ms", "8 KiB µs", "48 KiB µs"].map((head) => head.padStart(10)).join(" ")}`,
);
for (const pattern of patterns) {
  const cells = [compileMs(pattern).toFixed(2), matchMicroseconds(pattern, 8192), matchMicroseconds(pattern, 49_152)];
  console.log(`${pattern.slice(0, 64).padEnd(64)} ${cells.map((cell) => cell.padStart(10)).join(" ")}`);
}
