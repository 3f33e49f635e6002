const units = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 } as const;
const binaryUnits = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 } as const;
const factors: Readonly<Record<string, number>> = { "": 1, ...units, ...binaryUnits };

/** Bytes of a size such as `10Mi`, `64k` or `1500`; `undefined` for anything else. Spec: resource.Quantity, whole numbers of bytes. */
export function byteSize(size: number | string): number | undefined {
  const [, digits, unit = ""] = /^([0-9]{1,18})([kMGTPE]|[KMGTPE]i)?$/.exec(String(size)) ?? [];
  return digits === undefined ? undefined : Number(digits) * factors[unit]!;
}
