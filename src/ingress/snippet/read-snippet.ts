import { isKnownVariable, isOfAnswer, parseNginxText, variablesOf } from "./nginx-text.ts";
import { type Directive, parseDirectives } from "./parse-directives.ts";
import { readCondition, whyUnusable } from "./read-condition.ts";
import type {
  AnswerHeaderChange,
  LocationModifier,
  NginxText,
  Snippet,
  SnippetAnswer,
  SnippetCondition,
  SnippetEffect,
} from "./snippet.ts";

/** Where a snippet is put: what a directive does depends on it. */
export type SnippetPlace = "location" | "server";

export type ReadSnippet =
  | { readonly kind: "snippet"; readonly snippet: Snippet }
  /** nginx would not load its configuration with it. */
  | { readonly kind: "error"; readonly line: number; readonly message: string };

/** Effects of one directive; text: why it has none here, to complete "… is not served: …". */
type Understood = readonly SnippetEffect[] | string;

type Scope = {
  readonly place: SnippetPlace;
  /** What `set` has given, with the variables in it already replaced. */
  readonly variables: Map<string, NginxText>;
  /** Whether `$1` to `$9` are groups of the condition that a block has. */
  readonly captures: boolean;
};

/** Statuses of the answers that `add_header` without `always` is for. */
const addedTo = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

/** Statuses that come with a Location. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Reads a snippet. Nothing is left out: what no part stands for is in `unserved`. */
export function readSnippet(text: string, place: SnippetPlace): ReadSnippet {
  const parsed = parseDirectives(text);
  if (parsed.kind === "error") return parsed;
  const scope: Scope = { place, variables: new Map(), captures: false };
  const parts: Snippet["parts"][number][] = [];
  const unserved: Snippet["unserved"][number][] = [];
  for (const directive of parsed.directives) {
    const understood = understand(directive, scope);
    const { text: written, line } = directive;
    if (typeof understood === "string") {
      unserved.push({ text: written, line, protects: mayProtect(directive), because: understood });
    } else parts.push(...understood.map((effect) => ({ ...effect, text: written, line })));
  }
  return { kind: "snippet", snippet: { parts, unserved } };
}

type ReadDirective = (directive: Directive, scope: Scope) => Understood;

/** What `return` says. */
type GivenAnswer = Pick<SnippetAnswer, "status" | "content">;

const unknownForm = "it is written in a form that is not known here";

/** What is read, by name. */
const directives: Readonly<Record<string, ReadDirective>> = {
  add_header: (directive, scope) => headerOfAnswer(readAddHeader(directive, scope)),
  more_set_headers: (directive, scope) => headerOfAnswer(readMoreHeaders(directive, scope, "set")),
  more_clear_headers: (directive, scope) => headerOfAnswer(readMoreHeaders(directive, scope, "remove")),
  proxy_hide_header: ({ words: [name, ...more] }) =>
    name === undefined || more.length > 0
      ? unknownForm
      : [
          {
            kind: "answerHeader",
            change: { change: "remove", name: name.toLowerCase(), statuses: [], source: "backend" },
          },
        ],
  proxy_set_header: readProxySetHeader,
  more_set_input_headers: (directive, scope) => readInputHeaders(directive, scope, "set"),
  more_clear_input_headers: (directive, scope) => readInputHeaders(directive, scope, "remove"),
  return: (directive, scope) => oneAnswer(readReturn(directive, scope)),
  rewrite: readRewrite,
  allow: ({ words }) => addressRule(words, true),
  deny: ({ words }) => addressRule(words, false),
  set: readSet,
  if: readIf,
  location: readLocation,
};

/** Settings that change nothing here, by what their names begin with. */
const withoutEffect: readonly { readonly names: RegExp; readonly because: string }[] = [
  {
    names:
      /^(?:proxy_(?:connect|read|send)_timeout|proxy_(?:buffering|buffer_size|buffers|busy_buffers_size|request_buffering|http_version|max_temp_file_size|next_upstream(?:_timeout|_tries)?)|client_max_body_size|client_body_buffer_size)$/,
    because:
      "ingress-nginx writes this setting for every path by itself, so nginx refuses it a second time in a path and overrides it from a host; its annotation says it",
  },
  {
    names:
      /^(?:access_log|error_log|log_not_found|log_subrequest|rewrite_log|uninitialized_variable_warn|tcp_nodelay|tcp_nopush|sendfile|aio|large_client_header_buffers|client_header_buffer_size|client_body_temp_path|client_body_in_file_only|proxy_temp_path|proxy_temp_file_write_size|proxy_headers_hash_(?:max|bucket)_size|proxy_force_ranges|proxy_socket_keepalive|server_tokens|keepalive_(?:timeout|requests)|gzip_(?:buffers|comp_level|min_length|proxied|vary|http_version|disable)|types_hash_max_size|variables_hash_max_size|chunked_transfer_encoding|reset_timedout_connection|send_timeout|client_(?:body|header)_timeout|etag|if_modified_since)$/,
    because: "it tunes nginx itself",
  },
];

function understand(directive: Directive, scope: Scope): Understood {
  const read = Object.hasOwn(directives, directive.name) ? directives[directive.name] : undefined;
  if (read !== undefined) return read(directive, scope);
  const idle = withoutEffect.find(({ names }) => names.test(directive.name));
  return idle === undefined
    ? `${directive.name} is not known here`
    : [{ kind: "withoutEffect", because: idle.because }];
}

/** Directives that keep requests out, or lead them to something that does. */
const protecting =
  /^(?:allow|deny|satisfy|auth_\w+|limit_(?:req|conn|except)\w*|internal|modsecurity\w*|valid_referers|secure_link\w*|ssl_\w+|(?:access|rewrite|server_rewrite)_by_lua\w*|js_access|perl|include)$/;

function mayProtect({ name, words, block }: Directive): boolean {
  if (protecting.test(name)) return true;
  if (name === "return") return Number(words[0]) >= 400;
  return block?.some(mayProtect) ?? false;
}

/** The text with its variables looked up; a string: why it cannot be had. */
function textOf(text: string, scope: Scope, use: "request" | "answer"): NginxText | string {
  const replaced = parseNginxText(text).flatMap((part) =>
    typeof part === "string" ? [part] : (scope.variables.get(part.variable) ?? [part]),
  );
  const unknown = variablesOf(replaced).find(
    (name) =>
      !(isKnownVariable(name) || (scope.captures && /^\d$/.test(name))) || (use === "request" && isOfAnswer(name)),
  );
  if (unknown !== undefined) return `$${unknown} is not known here`;
  const bare = replaced.findIndex((part, at) => isVariable(part, "is_args") && !isQuery(replaced[at + 1]));
  return bare < 0 ? replaced : "$is_args is known only before $args";
}

function isVariable(part: NginxText[number] | undefined, name: string): boolean {
  return typeof part === "object" && part.variable === name;
}

function isQuery(part: NginxText[number] | undefined): boolean {
  return isVariable(part, "args") || isVariable(part, "query_string");
}

function headerOfAnswer(changes: readonly AnswerHeaderChange[] | string): Understood {
  return typeof changes === "string" ? changes : changes.map((change) => ({ kind: "answerHeader", change }));
}

const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function readAddHeader({ words }: Directive, scope: Scope): readonly AnswerHeaderChange[] | string {
  const [name = "", text, always] = words;
  if (
    !fieldName.test(name) ||
    text === undefined ||
    words.length > 3 ||
    (always !== undefined && always !== "always")
  ) {
    return unknownForm;
  }
  const value = textOf(text, scope, "answer");
  if (typeof value === "string") return value;
  return [
    { change: "add", name: name.toLowerCase(), value, statuses: always === undefined ? addedTo : [], source: "all" },
  ];
}

/** `more_set_headers [-s '404 500'] 'A: b' …`; without a value a header is removed. */
function readMoreHeaders(
  { words }: Directive,
  scope: Scope,
  change: "set" | "remove",
): readonly AnswerHeaderChange[] | string {
  const statuses: number[] = [];
  const changes: AnswerHeaderChange[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "-s") {
      const listed = (words[++at] ?? "").split(/[\s,]+/).filter((status) => status !== "");
      if (listed.length === 0 || !listed.every((status) => /^[1-5]\d\d$/.test(status))) return unknownForm;
      statuses.push(...listed.map(Number));
    } else if (word.startsWith("-")) return `the option ${word} is not known here`;
    else {
      const header = readHeaderLine(word, scope, "answer", change);
      if (typeof header === "string") return header;
      changes.push({ ...header, statuses, source: "all" });
    }
  }
  return changes.length === 0 ? unknownForm : changes;
}

function readHeaderLine(
  line: string,
  scope: Scope,
  use: "request" | "answer",
  change: "set" | "remove",
):
  | { readonly change: "set"; readonly name: string; readonly value: NginxText }
  | { readonly change: "remove"; readonly name: string }
  | string {
  const colon = line.indexOf(":");
  const name = (colon < 0 ? line : line.slice(0, colon)).trim().toLowerCase();
  const text = colon < 0 ? "" : line.slice(colon + 1).trim();
  const wildcard = change === "remove" && name.length > 1 && name.endsWith("*");
  if (!fieldName.test(wildcard ? name.slice(0, -1) : name) || (!wildcard && name.includes("*"))) return unknownForm;
  if (change === "remove" || text === "") return { change: "remove", name };
  const value = textOf(text, scope, use);
  return typeof value === "string" ? value : { change: "set", name, value };
}

function readInputHeaders({ words }: Directive, scope: Scope, change: "set" | "remove"): Understood {
  if (words.length === 0) return unknownForm;
  const effects: SnippetEffect[] = [];
  for (const word of words) {
    if (word.startsWith("-")) return `the option ${word} is not known here`;
    const header = readHeaderLine(word, scope, "request", change);
    if (typeof header === "string") return header;
    effects.push({ kind: "requestHeader", change: header });
  }
  return effects;
}

/** Fields that ingress-nginx sends to every backend: one of a snippet is sent as a second line. */
const sentAnyway: ReadonlySet<string> = new Set([
  "x-request-id",
  "x-real-ip",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-scheme",
  "x-scheme",
]);

function readProxySetHeader({ words }: Directive, scope: Scope): Understood {
  const [given = "", text, ...more] = words;
  const name = given.toLowerCase();
  if (!fieldName.test(name) || text === undefined || more.length > 0) return unknownForm;
  if (scope.place === "server") {
    return [
      {
        kind: "withoutEffect",
        because: "ingress-nginx sets headers in every path, so that nginx does not look at those of the host",
      },
    ];
  }
  if (name === "connection" || name === "upgrade") {
    return [{ kind: "withoutEffect", because: "WebSockets and other upgrades pass without it" }];
  }
  const value = textOf(text, scope, "request");
  if (typeof value === "string") return value;
  if (text === "" && !sentAnyway.has(name)) return [{ kind: "requestHeader", change: { change: "remove", name } }];
  return [{ kind: "requestHeader", change: { change: sentAnyway.has(name) ? "add" : "set", name, value } }];
}

function oneAnswer(answer: GivenAnswer | string): Understood {
  return typeof answer === "string"
    ? answer
    : [{ kind: "answer", answer: { when: [], headers: [], location: undefined, ...answer } }];
}

/** `return 403;`, `return 301 URL;`, `return URL;`, `return 200 text;`. */
function readReturn({ words }: Directive, scope: Scope): GivenAnswer | string {
  const [first = "", second, ...more] = words;
  if (more.length > 0 || first === "") return unknownForm;
  const code = /^\d{3}$/.test(first) ? Number(first) : undefined;
  if (code === undefined) {
    if (second !== undefined || !/^(?:https?:\/\/|\$scheme)/.test(first)) return unknownForm;
    const location = textOf(first, scope, "request");
    return typeof location === "string" ? location : { status: 302, content: { kind: "location", location } };
  }
  if (code === 444) return "a connection that ends without an answer cannot be had";
  if (code < 200 || code > 599) return unknownForm;
  if (second === undefined) return { status: code, content: { kind: "text", text: undefined } };
  const text = textOf(second, scope, "request");
  if (typeof text === "string") return text;
  return { status: code, content: redirects.has(code) ? { kind: "location", location: text } : { kind: "text", text } };
}

/** `rewrite pattern target [permanent | redirect | break]`. Without a flag, or with `last`, nginx looks for another location. */
function readRewrite({ words }: Directive, scope: Scope): Understood {
  const [pattern = "", given = "", flag, ...more] = words;
  if (pattern === "" || given === "" || more.length > 0) return unknownForm;
  const keepsQuery = !given.endsWith("?");
  const target = rewriteText(keepsQuery ? given : given.slice(0, -1), scope);
  if (typeof target === "string") return target;
  const absolute = /^(?:https?:\/\/|\$scheme)/.test(given);
  const status = flag === "permanent" ? 301 : flag === "redirect" || absolute ? 302 : undefined;
  const expression = { text: pattern, ignoresCase: false };
  const unusable = whyUnusable(expression);
  if (unusable !== undefined) return unusable;
  if (status !== undefined) {
    return oneAnswer({ status, content: { kind: "rewritten", pattern: expression, target, keepsQuery } });
  }
  if (flag !== "break") return "nginx looks for the location of the new path, which is not done here";
  if (scope.place === "server") return "a path that a host changes for all of its locations cannot be had";
  if (!keepsQuery || given.includes("?")) return "a query in the new path cannot be had";
  return [{ kind: "rewrite", pattern: expression, target }];
}

/** As {@link textOf}; `$1` to `$9` are groups of the expression. */
function rewriteText(text: string, scope: Scope): NginxText | string {
  const parts = parseNginxText(text);
  const known = textOf(text.replaceAll(/\$(?:\{\d+\}|\d)/g, ""), scope, "request");
  if (typeof known === "string") return known;
  return parts.flatMap((part) => (typeof part === "string" ? [part] : (scope.variables.get(part.variable) ?? [part])));
}

function addressRule(words: readonly string[], allows: boolean): Understood {
  const [network = "", ...more] = words;
  if (more.length > 0 || !/^(?:all|[0-9a-fA-F.:]+(?:\/\d{1,3})?)$/.test(network)) return unknownForm;
  return [{ kind: "addressRule", allows, network }];
}

function readSet({ words }: Directive, scope: Scope): Understood {
  const [name = "", text, ...more] = words;
  if (!/^\$[a-zA-Z_]\w*$/.test(name) || text === undefined || more.length > 0) return unknownForm;
  const variable = name.slice(1);
  if (isKnownVariable(variable)) return `$${variable} is a variable of nginx's own`;
  const value = textOf(text, scope, "request");
  if (typeof value === "string") return value;
  scope.variables.set(variable, value);
  return [{ kind: "withoutEffect", because: "the variable is replaced where it stands" }];
}

function readIf({ words, block = [] }: Directive, scope: Scope): Understood {
  const condition = readCondition(words.join(" "));
  if (typeof condition === "string") return condition;
  const captures = condition.test.kind === "matches" && !condition.negated;
  return readConditional(block, { when: [condition], location: undefined }, { ...scope, captures });
}

/** Answers of a block: headers for the answer, and one `return`. Anything else changes more than the answer. */
function readConditional(
  block: readonly Directive[],
  { when, location }: Pick<SnippetAnswer, "when" | "location">,
  scope: Scope,
): Understood {
  const headers: AnswerHeaderChange[] = [];
  for (const directive of block) {
    switch (directive.name) {
      case "add_header":
      case "more_set_headers": {
        const changes =
          directive.name === "add_header" ? readAddHeader(directive, scope) : readMoreHeaders(directive, scope, "set");
        if (typeof changes === "string") return changes;
        headers.push(...changes);
        break;
      }
      case "return": {
        const answer = readReturn(directive, scope);
        return typeof answer === "string"
          ? answer
          : [{ kind: "answer", answer: { when, headers, location, ...answer } }];
      }
      case "rewrite": {
        const effects = readRewrite(directive, scope);
        if (typeof effects === "string") return effects;
        const [effect] = effects;
        if (effect?.kind !== "answer") return "a condition that changes the path cannot be had";
        return [{ kind: "answer", answer: { ...effect.answer, when, headers, location } }];
      }
      case "break":
        break;
      default:
        return `${directive.name} in a block is not known here`;
    }
  }
  return "a block without return is not known here";
}

/** `location = /x { … }`, `location /x { … }`, `location ~ x { … }` that answer by themselves. */
function readLocation({ words, block = [] }: Directive, scope: Scope): Understood {
  if (scope.place === "location") return "a location inside of a location is not known here";
  const [modifier, path] = words.length === 1 ? ["", words[0]!] : words;
  if (words.length > 2 || modifier === undefined || path === undefined) return unknownForm;
  if (!isModifier(modifier)) return unknownForm;
  const test = locationTests[modifier](path);
  const unusable = test.kind === "matches" ? whyUnusable(test.pattern) : undefined;
  if (unusable !== undefined) return unusable;
  const when = [{ variable: "uri", test, negated: false }];
  const others = block.filter(({ name }) => name !== "deny" && !withoutEffect.some(({ names }) => names.test(name)));
  const denies = block.some(({ name, words: [network] }) => name === "deny" && network === "all");
  const partly = block.some(({ name, words: [network] }) => name === "deny" && network !== "all");
  if (partly || (others.length === 0 && !denies)) return "a location that does not answer by itself is not known here";
  if (others.length === 0) {
    return [
      {
        kind: "answer",
        answer: { when, status: 403, content: { kind: "text", text: undefined }, headers: [], location: modifier },
      },
    ];
  }
  return readConditional(others, { when, location: modifier }, scope);
}

const locationTests: Readonly<Record<LocationModifier, (path: string) => SnippetCondition["test"]>> = {
  "": (value) => ({ kind: "beginsWith", value }),
  "=": (value) => ({ kind: "equals", value }),
  "^~": (value) => ({ kind: "beginsWith", value }),
  "~": (text) => ({ kind: "matches", pattern: { text, ignoresCase: false } }),
  "~*": (text) => ({ kind: "matches", pattern: { text, ignoresCase: true } }),
};

function isModifier(word: string): word is LocationModifier {
  return Object.hasOwn(locationTests, word);
}
