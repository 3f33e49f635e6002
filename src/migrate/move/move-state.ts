/** The stages of all hosts as text, in a file or in the data of a ConfigMap. */
import { isJsonObject } from "../../resource/json.ts";
import { type HostState, stages } from "./stages.ts";

export type MoveState = readonly HostState[];

export function writeMoveState(state: MoveState): string {
  const hosts = [...state].sort((one, other) => (one.hostname < other.hostname ? -1 : 1));
  return `${JSON.stringify({ hosts }, undefined, 2)}\n`;
}

/** `problem`: the text is not what {@link writeMoveState} writes. No part of it is used then: a guess could move a host twice. */
export function readMoveState(text: string): MoveState | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "it is not JSON" };
  }
  const hosts = isJsonObject(value) ? value["hosts"] : undefined;
  if (!Array.isArray(hosts)) return { problem: "it has no list `hosts`" };
  const states = hosts.map(hostStateOf);
  const broken = states.indexOf(undefined);
  if (broken >= 0)
    return { problem: `entry ${broken + 1} of \`hosts\` is not a host with a stage, a weight and a time` };
  const read = states.filter((each) => each !== undefined);
  if (new Set(read.map(({ hostname }) => hostname)).size !== read.length) return { problem: "a host is in it twice" };
  return read;
}

function hostStateOf(value: unknown): HostState | undefined {
  if (!isJsonObject(value)) return undefined;
  const { hostname, stage, weight, since } = value;
  const known = stages.find((each) => each === stage);
  if (typeof hostname !== "string" || hostname === "" || known === undefined) return undefined;
  if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0 || weight > 100) return undefined;
  if (typeof since !== "string" || Number.isNaN(Date.parse(since))) return undefined;
  return { hostname, stage: known, weight, since };
}
