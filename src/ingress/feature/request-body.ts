import { acceptedSize, acceptedText, onOrOff } from "../accepted-text.ts";
import type { IngressFeature } from "../feature.ts";
import { nginxSize } from "../nginx-size.ts";

export type RequestBodySetting = {
  /** Larger content gets 413. 0: no limit. Bytes. */
  readonly maxBytes: number;
  /** Backends see a request only when the whole of it is there, with its length. */
  readonly buffered: boolean;
};

const defaultBytes = 2 ** 20;

export const requestBody: IngressFeature<RequestBodySetting> = {
  annotations: [
    {
      name: "proxy-body-size",
      aliases: [],
      scope: "location",
      risk: "Medium",
      means: "Most content that a request may have; more gets 413, and 0 is no limit.",
      otherwise: "1m",
      handling: { kind: "served" },
    },
    {
      name: "proxy-request-buffering",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "Whether a backend sees a request only when the whole of it has come.",
      otherwise: "on",
      handling: {
        kind: "partly",
        lacks: "Requests with more content than the gateway holds in memory are passed on as they come.",
      },
    },
    {
      name: "client-body-buffer-size",
      aliases: [],
      scope: "location",
      risk: "Low",
      means: "How much of a request nginx keeps in memory rather than in a file.",
      otherwise: "8k",
      handling: { kind: "noEffect", because: "Sluice writes no content of requests to files." },
    },
  ],
  read: (source) => {
    const { controller } = source;
    const buffering =
      acceptedText(source, "proxy-request-buffering", onOrOff) ?? controller.value("proxy-request-buffering");
    return {
      maxBytes:
        acceptedSize(source, "proxy-body-size") ?? nginxSize(controller.value("proxy-body-size") ?? "") ?? defaultBytes,
      buffered: buffering !== "off",
    };
  },
};
