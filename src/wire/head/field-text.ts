import { FIELD_VALUE } from "../http1/ascii.ts";

/** Text as a field value of HTTP/2: what may not stand in one becomes a space, none of it at either end. RFC 9113 §8.2.1. */
export function fieldText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (FIELD_VALUE[text.charCodeAt(i)] === 1) continue;
    const spaced = Array.from(text, (character) => (FIELD_VALUE[character.charCodeAt(0)] === 1 ? character : " "));
    return spaced.join("").trim();
  }
  return text.trim();
}
