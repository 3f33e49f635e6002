import type { IngressFeature } from "../feature.ts";

const because = "Answers are passed on as they come, in bounded memory; no answer changes with it.";

/** Nothing of how nginx keeps answers on their way can be seen in them. */
export const answerBuffering: IngressFeature<undefined> = {
  annotations: [
    {
      name: "proxy-buffering",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether nginx takes an answer as fast as the backend sends it, and keeps it for slow clients.",
      otherwise: "off",
      handling: { kind: "noEffect", because },
    },
    {
      name: "proxy-buffer-size",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Room for the head of an answer; a larger one gets 502.",
      otherwise: "4k",
      handling: {
        kind: "noEffect",
        because: "Heads of answers may always be as large as Sluice allows, which is more than the usual values.",
      },
    },
    {
      name: "proxy-buffers-number",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How many buffers nginx has for an answer.",
      otherwise: "4",
      handling: { kind: "noEffect", because },
    },
    {
      name: "proxy-busy-buffers-size",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How much of an answer nginx may be sending while it still reads it.",
      otherwise: "8k",
      handling: { kind: "noEffect", because },
    },
    {
      name: "proxy-max-temp-file-size",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How much of an answer nginx may keep in a file.",
      otherwise: "1024m",
      handling: { kind: "noEffect", because },
    },
  ],
  read: () => undefined,
};
