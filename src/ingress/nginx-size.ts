const factors: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes of a size as nginx reads it, such as `1500`, `64k`, `8M` or `1g`; `undefined` for anything else. Spec: nginx, "Configuration file measurement units". */
export function nginxSize(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,18})([kmg])?$/i.exec(text) ?? [];
  const bytes = Number(digits) * factors[unit.toLowerCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
