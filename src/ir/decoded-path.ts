/**
 * A normalised path with all of its escapes decoded, for virtual hosts that match paths in that form. An escaped slash separates
 * elements there, and doubled slashes are one. What is not UTF-8 becomes U+FFFD. Dot segments cannot come about: paths with
 * an escaped slash beside one are refused when they are normalised.
 */
export function decodedPath(path: string): string {
  if (!path.includes("%")) return path;
  const bytes = Buffer.allocUnsafe(path.length);
  let length = 0;
  for (let at = 0; at < path.length; at++) {
    let byte = path.charCodeAt(at);
    if (byte === percent) {
      byte = Number.parseInt(path.slice(at + 1, at + 3), 16);
      at += 2;
    }
    if (byte === slash && length > 0 && bytes[length - 1] === slash) continue;
    bytes[length++] = byte;
  }
  return bytes.toString("utf8", 0, length);
}

const percent = 0x25;
const slash = 0x2f;
