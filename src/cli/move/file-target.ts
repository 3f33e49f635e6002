import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../base/usage-error.ts";
import { readMoveState, writeMoveState } from "../../migrate/move/move-state.ts";
import type { MoveChange } from "../../migrate/move/stage-changes.ts";
import { metadataOf } from "../../resource/written-object.ts";
import { renderData } from "../render/data.ts";
import type { MoveTarget } from "./move-target.ts";

/** Stages in a file; what has to be applied in a file for each host, in a folder, for kubectl or a GitOps tool to take. */
export function fileTarget(stateFile: string, folder: string): MoveTarget {
  const fileOf = (name: string): string => join(folder, `${name}.yaml`);
  return {
    readState: () => readStateFile(stateFile),
    carryOut: async (changes, name, state) => {
      const objects = changes
        .filter(({ kind }) => kind === "apply")
        .map(({ object }) => `---\n${renderData(object, "yaml")}`);
      await mkdir(folder, { recursive: true });
      await writeWhole(fileOf(name), `# Made by sluice migrate. What ${name} needs in its stage.\n${objects.join("")}`);
      await writeWhole(stateFile, writeMoveState(state));
    },
    remains: (changes, name) => {
      const applied = `kubectl apply --server-side --force-conflicts --field-manager=sluice-migrate -f ${quote(fileOf(name))}`;
      return `Now run:\n${[applied, ...changes.flatMap(commandOf)].map((line) => `  ${line}\n`).join("")}`;
    },
  };
}

async function readStateFile(file: string) {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const state = readMoveState(text);
  if ("problem" in state) throw new UsageError(`${file} does not hold the stages of hosts: ${state.problem}.`);
  return state;
}

/** Under another name first, so that a half of it is never read. */
async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function commandOf({ kind, object }: MoveChange): readonly string[] {
  const { name, namespace } = metadataOf(object);
  const group = String(object["apiVersion"]).split("/").at(-2);
  const resource = `${String(object["kind"]).toLowerCase()}${group === undefined ? "" : `.${group}`}`;
  const target = `${resource} ${quote(String(name))} -n ${quote(String(namespace ?? "default"))}`;
  if (kind === "delete") return [`kubectl delete --ignore-not-found ${target}`];
  if (kind === "merge")
    return [`kubectl patch ${target} --type=merge -p ${quote(JSON.stringify({ spec: object["spec"] }))}`];
  return [];
}

/** For a shell; names of objects need nothing. */
function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
