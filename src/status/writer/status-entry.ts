import { sameJson } from "../../base/same-json.ts";
import type { ObjectRef } from "../../finding/finding.ts";
import type { TokenBucket } from "../../kube/token-bucket.ts";
import { isLaterVersion, type LiveObject } from "./live-object.ts";
import type { StatusIntent } from "./plan-status.ts";

/** Where an object's status stands on its way to the API server. */
export type EntryState = "settled" | "queued" | "delayed" | "asking";

/** One object whose status is ours to write. Only `StatusWriter` changes it. */
export class StatusEntry {
  readonly key: string;
  readonly ref: ObjectRef;
  state: EntryState = "settled";
  intent: StatusIntent;
  /** Of the object that the intent was concluded from. */
  uid: string;
  /** The live version that needs nothing written for this intent. */
  settledVersion: string | undefined;
  /** The API server said that the intent is not valid. */
  isRefused = false;
  /** The live version that a write met with a conflict. */
  conflictVersion: string | undefined;
  /** What the API server leaves out of the status whatever we write, as an older schema does: the patch that would add it. */
  tolerated: string | undefined;
  /** Failures in a row, conflicts among them. */
  attempts = 0;
  /** Bounds how often this object is written. Absent until the first write. */
  allowance: TokenBucket | undefined;
  timer: NodeJS.Timeout | undefined;
  #answered: LiveObject | undefined;

  constructor(key: string, ref: ObjectRef, wanted: { readonly uid: string; readonly intent: StatusIntent }) {
    this.key = key;
    this.ref = ref;
    this.uid = wanted.uid;
    this.intent = wanted.intent;
  }

  /** Takes over what is wanted now; true when that is something else than before. */
  want(uid: string, intent: StatusIntent): boolean {
    if (uid === this.uid && sameJson(intent, this.intent)) return false;
    if (uid !== this.uid) {
      this.#answered = undefined;
      this.tolerated = undefined;
      this.conflictVersion = undefined;
    }
    this.uid = uid;
    this.intent = intent;
    this.settledVersion = undefined;
    this.isRefused = false;
    return true;
  }

  /** Keeps what the API server answered until the watch has caught up. */
  answer(live: LiveObject): void {
    this.#answered = live;
  }

  /** The newest version that is known, given what the watch shows. */
  newest(watched: LiveObject | undefined): LiveObject | undefined {
    const answered = this.#answered;
    if (
      answered &&
      watched?.uid === answered.uid &&
      isLaterVersion(answered.resourceVersion, watched.resourceVersion)
    ) {
      return answered;
    }
    this.#answered = undefined;
    return watched;
  }
}
