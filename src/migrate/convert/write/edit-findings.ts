import { type FindingName, makeFinding } from "../../../finding/catalogue.ts";
import type { Finding } from "../../../finding/finding.ts";
import { dotted } from "../../../resource/json.ts";
import type { EditNote } from "./merge-folder.ts";

/** What a person should know of their edits, as findings. */
export function editFindings(notes: readonly EditNote[], folder: string): readonly Finding[] {
  return notes.map((note) => {
    const [group = "", kind = "File", namespace = "", name = note.file] = note.object.split("/");
    const [finding, message, fix] = textOf(note, `${folder}/${note.file}`);
    return makeFinding(finding, {
      object: { group, kind, ...(namespace === "" ? {} : { namespace }), name },
      message,
      fix,
    });
  });
}

function textOf(note: EditNote, file: string): readonly [FindingName, string, string] {
  switch (note.kind) {
    case "conflict": {
      const field = dotted(note.path);
      const [edited, converted] = [note.edited, note.converted].map((value) =>
        value === undefined ? "nothing" : shorten(JSON.stringify(value)),
      );
      return [
        "convert-edit-conflict",
        `${field} in ${file} is ${edited} by hand, and would be ${converted}: what was written by hand is kept.`,
        `Write ${converted} there if that is what you want.`,
      ];
    }
    case "staysOut":
      return [
        "convert-edit-kept",
        `It was taken out of ${file} by hand, and stays out.`,
        "Nothing. Remove the folder's .sluice-migrate.json to have it again.",
      ];
    case "leftOver":
      return [
        "convert-edit-conflict",
        `It was edited by hand in ${file}, and no Ingress asks for it any more: it is kept.`,
        "Remove it if nobody needs it.",
      ];
    case "notOurs":
      return [
        "convert-edit-conflict",
        `${file} had it before anything was converted, in other words: it is kept.`,
        "Rename yours, or remove it.",
      ];
    case "unreadable":
      return [
        "convert-edit-conflict",
        `${file} is no YAML that can be read: it is kept as it is.`,
        "Correct the file, and convert again.",
      ];
  }
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
