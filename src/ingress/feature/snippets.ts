import { controllerFlag } from "../controller-flag.ts";
import type { AnnotationSource, IngressFeature } from "../feature.ts";
import { readSnippet, type SnippetPlace } from "../snippet/read-snippet.ts";
import type { Snippet } from "../snippet/snippet.ts";

/** What is understood of the snippets; `undefined`: there is none, or the controller does not allow them. */
export type Snippets = {
  /** For the paths of the Ingress. */
  readonly location: Snippet | undefined;
  /** For its hosts; of several Ingresses of a host the first one's counts. */
  readonly server: Snippet | undefined;
};

type SnippetName = "configuration-snippet" | "server-snippet" | "auth-snippet" | "stream-snippet";

export const snippets: IngressFeature<Snippets> = {
  annotations: [
    {
      name: "configuration-snippet",
      aliases: [],
      scope: "location",
      risk: "Critical",
      means: "Directives of nginx for the paths of the Ingress.",
      otherwise: "",
      handling: { kind: "partly", lacks: "directives that docs/migration/snippets.md does not list" },
    },
    {
      name: "server-snippet",
      aliases: [],
      scope: "server",
      risk: "Critical",
      means: "Directives of nginx for the host.",
      otherwise: "",
      handling: { kind: "partly", lacks: "directives that docs/migration/snippets.md does not list" },
    },
    {
      name: "auth-snippet",
      aliases: [],
      scope: "location",
      risk: "Critical",
      means: "Directives of nginx for requests to the authorisation server.",
      otherwise: "",
      handling: {
        kind: "refused",
        because: "the authorisation server might let pass what it would have refused with it",
        closed: true,
      },
    },
    {
      name: "stream-snippet",
      aliases: [],
      scope: "server",
      risk: "Critical",
      means: "Directives of nginx for TCP and UDP.",
      otherwise: "",
      handling: {
        kind: "refused",
        because: "ports of TCP and UDP are listed in ConfigMaps, or are TCPRoutes",
        closed: false,
      },
    },
  ],
  read: (source) => {
    refuse(source, "auth-snippet", "deny");
    refuse(source, "stream-snippet", "report");
    return {
      location: read(source, "configuration-snippet", "location"),
      server: read(source, "server-snippet", "server"),
    };
  },
};

/** The text of a snippet, where there is one and the controller allows it. */
function textOf(source: AnnotationSource, name: SnippetName): string | undefined {
  const text = source.text(name);
  if (text === undefined || text.trim() === "") return undefined;
  if (controllerFlag(source.controller, "allow-snippet-annotations", false)) return text;
  source.report("ingress-snippets-off", name, {
    message: `${name} is written, but the controller's allow-snippet-annotations is not true: the snippet is ignored, as ingress-nginx does.`,
    fix: "Remove the annotation.",
  });
  return undefined;
}

function refuse(source: AnnotationSource, name: SnippetName, how: "report" | "deny"): void {
  const text = textOf(source, name);
  if (text === undefined) return;
  source[how](how === "deny" ? "ingress-snippet-closed" : "ingress-snippet-unserved", name, {
    message: `${name} is not served: ${JSON.stringify(text)}.`,
    fix: "Do by other means what it does, and remove the annotation.",
  });
}

function read(source: AnnotationSource, name: SnippetName, place: SnippetPlace): Snippet | undefined {
  const text = textOf(source, name);
  if (text === undefined) return undefined;
  const result = readSnippet(text, place);
  if (result.kind === "error") {
    source.deny("ingress-snippet-unreadable", name, {
      message: `${name}, line ${result.line}: ${result.message}.`,
      fix: "Correct the snippet; nginx -t tells whether it is well written.",
    });
    return undefined;
  }
  const { parts, unserved } = result.snippet;
  for (const { text: directive, line, protects, because } of unserved) {
    source[protects ? "deny" : "report"](protects ? "ingress-snippet-closed" : "ingress-snippet-unserved", name, {
      message: `${name}, line ${line}: ${JSON.stringify(directive)} is not served: ${because}.`,
      fix: "Do by other means what the directive does, and remove it.",
    });
  }
  for (const part of parts) {
    if (part.kind === "requestHeader" && part.change.change === "add") {
      source.report("ingress-snippet-header-twice", name, {
        message: `${name}, line ${part.line}: ${JSON.stringify(part.text)} adds a second ${part.change.name} to the one that backends get anyway.`,
        fix: "Remove the directive, unless the backend is known to read both.",
      });
    }
    if (part.kind !== "withoutEffect") continue;
    source.report("ingress-snippet-without-effect", name, {
      message: `${name}, line ${part.line}: ${JSON.stringify(part.text)} changes nothing: ${part.because}.`,
      fix: "Remove the directive.",
    });
  }
  return result.snippet;
}
