const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Text from manifests made safe for a terminal: control characters and direction overrides, which could hide or forge
 * output, are written as `\u001b`. Tabs become one space, so that columns still agree.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (char) =>
    char === "\t" ? " " : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
