/** What of a snippet is understood: each directive is one part, or is listed word by word. */

/** Text with variables of nginx in it, by their names without `$`. */
export type NginxText = readonly (string | { readonly variable: string })[];

export type Snippet = {
  /** In the order in which they are written. */
  readonly parts: readonly SnippetPart[];
  /** Directives that cannot be honoured. */
  readonly unserved: readonly UnservedDirective[];
};

export type UnservedDirective = {
  /** As written. */
  readonly text: string;
  /** In the annotation; counts from 1. */
  readonly line: number;
  /** It may keep requests out. */
  readonly protects: boolean;
  /** Completes "… is not served: …". */
  readonly because: string;
};

export type SnippetPart = SnippetEffect & {
  /** The directive as written. */
  readonly text: string;
  readonly line: number;
};

export type SnippetEffect =
  | { readonly kind: "answerHeader"; readonly change: AnswerHeaderChange }
  | { readonly kind: "requestHeader"; readonly change: HeaderChange }
  /** The gateway answers by itself. It does so before access is judged. */
  | { readonly kind: "answer"; readonly answer: SnippetAnswer }
  /** Allows or denies a network, `all` or `unix:`; the first that a client is in counts. */
  | { readonly kind: "addressRule"; readonly allows: boolean; readonly network: string }
  /** The path that backends get, where the decoded path fits; in the client's query nothing changes. */
  | { readonly kind: "rewrite"; readonly pattern: NginxPattern; readonly target: NginxText }
  /** Nothing changes without it. */
  | { readonly kind: "withoutEffect"; readonly because: string };

/** `name` is lower case. `set` and `add` with an empty value: nothing under that name, or nothing more. */
export type HeaderChange =
  | { readonly change: "set" | "add"; readonly name: string; readonly value: NginxText }
  /** `*` at the end of the name stands for any end. */
  | { readonly change: "remove"; readonly name: string };

/** `statuses`: of the answers that it is for; empty: all. `source`: whether answers of the gateway itself are changed too. */
export type AnswerHeaderChange = HeaderChange & {
  readonly statuses: readonly number[];
  readonly source: "all" | "backend";
};

export type SnippetAnswer = {
  /** All must hold; none: every request is answered. Variables `1` to `9` are groups of the only condition's expression. */
  readonly when: readonly SnippetCondition[];
  readonly status: number;
  readonly content:
    | { readonly kind: "location"; readonly location: NginxText }
    /** Location is what comes of the decoded path, where it fits; with the client's query or without. Groups as `1` to `9`. */
    | {
        readonly kind: "rewritten";
        readonly pattern: NginxPattern;
        readonly target: NginxText;
        readonly keepsQuery: boolean;
      }
    /** `undefined`: a page of the gateway's own. */
    | { readonly kind: "text"; readonly text: NginxText | undefined };
  /** Only for this answer. */
  readonly headers: readonly AnswerHeaderChange[];
  /** How the path of a `location` is compared, as nginx writes it; `undefined`: it comes from no location. */
  readonly location: LocationModifier | undefined;
};

/** `""` and `^~`: the longest beginning counts, before or after expressions are tried. `=` comes before all. */
export type LocationModifier = "" | "=" | "^~" | "~" | "~*";

/** PCRE, not anchored, against the decoded path. */
export type NginxPattern = { readonly text: string; readonly ignoresCase: boolean };

export type SnippetCondition = {
  /** Name of a variable, without `$`. */
  readonly variable: string;
  readonly test: /** Something other than `""` and `"0"`. */
    | { readonly kind: "set" }
    | { readonly kind: "equals"; readonly value: string }
    /** A path, whole segments or not. */
    | { readonly kind: "beginsWith"; readonly value: string }
    | { readonly kind: "matches"; readonly pattern: NginxPattern };
  readonly negated: boolean;
};
