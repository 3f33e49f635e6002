/** The recorded cases under `truth/`, whose README says what each field means. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";

export const truthFolder = join(import.meta.dirname, "truth");

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** A request of `requests.yaml`. */
export type TruthRequest = {
  readonly name: string;
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string;
  readonly bodyBytes?: number;
  readonly slowBody?: number;
  readonly host?: string | false;
  readonly sni?: string | false;
  readonly cert?: string;
  readonly tls?: string;
  readonly http?: 2;
  readonly from?: string;
  /** Milliseconds after which the client gives up. */
  readonly timeout?: number;
  readonly times?: number;
  readonly parallel?: boolean;
  readonly fresh?: boolean;
  readonly cookiesFrom?: string;
  readonly sticky?: { readonly rounds: number; readonly follow: number };
  readonly approximate?: boolean;
  readonly showHeaders?: boolean;
  readonly showAuthHeaders?: boolean;
  readonly showTime?: boolean;
  readonly showTls?: boolean;
  readonly showBodyBytes?: boolean;
  readonly showBackendDelay?: boolean;
};

/** What reached a backend, as `answers.yaml` writes it. */
export type Sight = {
  readonly service?: string;
  readonly via?: string;
  readonly port?: number;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string | null;
  readonly http?: string;
  readonly bodyBytes?: number;
  readonly attempts?: number;
  readonly differentEndpoints?: number;
  readonly aborted?: boolean;
  readonly tls?: Readonly<Record<string, string | null>>;
  readonly headers?: readonly string[];
  readonly addedHeaders?: Readonly<Record<string, string>>;
  readonly changedHeaders?: Readonly<Record<string, string>>;
  readonly removedHeaders?: readonly string[];
  readonly missingStandardHeaders?: readonly string[];
  readonly notAValidRequest?: string;
};

/** An answer, recorded or seen. */
export type Answer = {
  readonly name: string;
  readonly status?: number;
  readonly location?: string;
  readonly setCookie?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyBytes?: number;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly websocket?: string;
  readonly seconds?: number;
  readonly secondsUntilTheBackendSawTheRequest?: number;
  readonly error?: string;
  readonly cut?: string;
  readonly requestsAtBackends?: number | string;
  readonly auth?: readonly Sight[];
  readonly backend?: Sight | null;
  readonly backends?: readonly Sight[];
  readonly sameEndpointAs?: Readonly<Record<string, boolean>>;
  readonly times?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly rounds?: number;
  readonly firstRequestsWentTo?: Readonly<Record<string, number>>;
  readonly differentEndpoints?: number;
  readonly followUps?: number;
  readonly followUpsToTheSameEndpoint?: number;
  readonly followUpsWithANewCookie?: number;
};

export type TruthCase = {
  /** `annotation/case`. */
  readonly name: string;
  readonly about: string;
  readonly manifests: readonly Manifest[];
  readonly requests: readonly TruthRequest[];
  readonly answers: readonly Answer[];
  /** Data of the controller's ConfigMap. */
  readonly controller: Readonly<Record<string, string>>;
  /** Ingresses were not made at the same time. */
  readonly ordered: boolean;
  /** Ingresses that the API server refused, as `namespace/name`. */
  readonly rejected: readonly string[];
};

/** Every case, by name. */
export function readTruth(): readonly TruthCase[] {
  const folders = readdirSync(truthFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .flatMap(({ name: annotation }) =>
      readdirSync(join(truthFolder, annotation)).map((name) => readCase(`${annotation}/${name}`)),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readCase(name: string): TruthCase {
  const folder = join(truthFolder, name);
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const asked = parse(text("requests.yaml")) as {
    readonly about: string;
    readonly requests: readonly TruthRequest[];
    readonly controller?: Readonly<Record<string, string>>;
    readonly applyDelay?: number;
  };
  if (!existsSync(join(folder, "answers.yaml"))) throw new Error(`${name} has no answers.yaml`);
  const recorded = parse(text("answers.yaml")) as {
    readonly answers: readonly Answer[];
    readonly rejected?: readonly { readonly ingress: string }[];
  };
  return {
    name,
    about: asked.about,
    manifests: parseAllDocuments(text("ingress.yaml"))
      .map((document) => document.toJS() as Manifest | null)
      .filter((manifest) => manifest !== null),
    requests: asked.requests,
    answers: recorded.answers,
    controller: asked.controller ?? {},
    ordered: asked.applyDelay !== undefined,
    rejected: (recorded.rejected ?? []).map(({ ingress }) => ingress),
  };
}

export function namespaceOf({ metadata }: Manifest): string {
  return metadata.namespace ?? "default";
}

/**
 * How the Ingresses of a case are judged: served as they are, or as what conversion makes of them; or what `migrate verify` says of
 * both, beside what both answer.
 */
export const servedAs = ["ingress", "converted", "verified"] as const;
export type ServedAs = (typeof servedAs)[number];
