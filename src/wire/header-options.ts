import { type ProtobufField, readProtobuf, readProtobufText } from "./protobuf.ts";
import { all, empty, every, last, maxFields, numberIn } from "./protobuf-message.ts";

/** A change of a header. Spec: Envoy API v3, `HeaderValueOption`. */
export type HeaderOption = {
  /** Lower case. */
  readonly name: string;
  /** A byte for each character. */
  readonly value: string;
  /** `set` replaces, `add` keeps what is there, the others look first. */
  readonly how: "set" | "add" | "addIfAbsent" | "setIfPresent";
};

const appendActions: readonly HeaderOption["how"][] = ["add", "addIfAbsent", "set", "setIfPresent"];

/**
 * `HeaderValueOption`s. The old `append` decides where it is given, else `append_action`; without either, `fallback`, which
 * for a request's headers is to replace them.
 */
export function readHeaderOptions(
  fields: readonly ProtobufField[],
  number: number,
  fallback: HeaderOption["how"],
): readonly HeaderOption[] | undefined {
  return all(every(fields, number).map((bytes) => readHeader(bytes, fallback)));
}

function readHeader(bytes: Buffer, fallback: HeaderOption["how"]): HeaderOption | undefined {
  const option = readProtobuf(bytes, maxFields);
  const header = option === undefined ? undefined : last(option, 1);
  if (option === undefined || header === undefined) return undefined;
  const parts = readProtobuf(header, maxFields);
  const name = parts === undefined ? undefined : readProtobufText(last(parts, 1) ?? empty);
  if (parts === undefined || name === undefined) return undefined;
  // `raw_value` is for values that are not UTF-8.
  const value = last(parts, 3) ?? last(parts, 2) ?? empty;
  const append = last(option, 2);
  const appends = append === undefined ? undefined : numberIn(append, 1);
  if (append !== undefined && appends === undefined) return undefined;
  const action = numberIn(bytes, 3) ?? 0;
  const how = appends === undefined ? (action === 0 ? fallback : appendActions[action]) : appends === 0 ? "set" : "add";
  if (how === undefined) return undefined;
  return { name: name.toLowerCase(), value: value.latin1Slice(), how };
}
