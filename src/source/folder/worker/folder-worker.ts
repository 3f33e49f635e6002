/** The thread that lists, watches, reads and parses files, so that the one that serves requests need not. */
import { createReadStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { SourcePart } from "../../../store/store.ts";
import { FolderSource } from "../folder-source.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { PartSender } from "./part-sender.ts";

const port = parentPort!;
const { paths, watch } = workerData as WorkerSettings;
const sender = new PartSender();
/** What is to be sent after what is being sent: only the last reading counts. */
let waiting: readonly SourcePart[] | undefined;
let sending: Promise<void> | undefined;
let taken = Promise.withResolvers<void>();

const source = new FolderSource(paths, {
  store: {
    replace(parts) {
      waiting = parts;
      sending ??= sendAll().finally(() => {
        sending = undefined;
      });
      return true;
    },
  },
  watch,
  ...(paths.includes("-") ? { stdin: createReadStream("", { fd: 0, autoClose: false }) } : {}),
});

async function sendAll(): Promise<void> {
  while (waiting !== undefined) {
    const parts = waiting;
    waiting = undefined;
    for (const items of sender.batches(parts)) {
      taken = Promise.withResolvers();
      post({ kind: "batch", items });
      await taken.promise;
    }
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}

port.on("message", (message: ToWorker) => {
  if (message.kind === "next") {
    taken.resolve();
    return;
  }
  void source.reload().then(async () => {
    await sending;
    post({ kind: "reloaded", id: message.id });
  });
});
