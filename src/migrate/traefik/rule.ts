/**
 * The language of Traefik's rules, of versions 2 and 3: functions with arguments in quotation marks or backticks, put together by `&&`,
 * `||`, `!` and parentheses. Spec: Traefik's "Rules and priority" of routers.
 */

/** `Host(...)` and the like; the name is written as Traefik does, whatever case it had. */
export type Matcher = { readonly name: MatcherName; readonly args: readonly string[] };

export type Rule =
  | { readonly kind: "matcher"; readonly matcher: Matcher }
  | { readonly kind: "not"; readonly rule: Rule }
  | { readonly kind: "and" | "or"; readonly rules: readonly Rule[] };

/** Names of matchers, with the names that version 2 has for them. */
const matcherNames = {
  Host: ["host"],
  HostRegexp: ["hostregexp"],
  HostSNI: ["hostsni"],
  HostSNIRegexp: ["hostsniregexp"],
  ALPN: ["alpn"],
  Path: ["path"],
  PathPrefix: ["pathprefix"],
  PathRegexp: ["pathregexp"],
  Header: ["header", "headers"],
  HeaderRegexp: ["headerregexp", "headersregexp"],
  Method: ["method"],
  Query: ["query"],
  QueryRegexp: ["queryregexp"],
  ClientIP: ["clientip"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type MatcherName = keyof typeof matcherNames;

const nameOf: ReadonlyMap<string, MatcherName> = new Map(
  Object.entries(matcherNames).flatMap(([name, spellings]) => spellings.map((each) => [each, name as MatcherName])),
);

export type ParsedRule = { readonly rule: Rule } | { readonly error: string };

/** Characters of a rule, and how deep parentheses and `!` may stand in one another. */
const limits = { length: 16_384, depth: 64 } as const;

/** Reads a rule. Never throws: what is wrong is a sentence. */
export function parseRule(text: string): ParsedRule {
  if (text.length > limits.length) return { error: `the rule is longer than ${limits.length} characters` };
  const tokens = tokensOf(text);
  if (typeof tokens === "string") return { error: tokens };
  const parser = new Parser(tokens);
  const rule = parser.alternatives(0);
  if (parser.error !== undefined || rule === undefined) return { error: parser.error ?? "the rule is empty" };
  if (!parser.atEnd) return { error: `${parser.shown} is not expected there` };
  return { rule };
}

type Token = { readonly kind: "word" | "text" | "sign"; readonly text: string };

const tokenPattern = /\s*(?:([A-Za-z]+)|`([^`]*)`|"((?:[^"\\]|\\.)*)"|(&&|\|\||[!(),]))/y;

function tokensOf(text: string): readonly Token[] | string {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) return `what stands from character ${at + 1} on is no part of a rule`;
    const [, word, raw, quoted, sign] = match;
    if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else tokens.push({ kind: "text", text: raw ?? (quoted ?? "").replace(/\\(.)/g, "$1") });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  error: string | undefined;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  get shown(): string {
    const token = this.#tokens[this.#at];
    return token === undefined ? "the end" : JSON.stringify(token.text);
  }

  alternatives(depth: number): Rule | undefined {
    return this.#list("or", "||", () => this.#conditions(depth));
  }

  #conditions(depth: number): Rule | undefined {
    return this.#list("and", "&&", () => this.#condition(depth));
  }

  #list(kind: "and" | "or", sign: string, one: () => Rule | undefined): Rule | undefined {
    const rules: Rule[] = [];
    do {
      const rule = one();
      if (rule === undefined) return undefined;
      rules.push(rule);
    } while (this.#take(sign));
    return rules.length === 1 ? rules[0] : { kind, rules };
  }

  #condition(depth: number): Rule | undefined {
    if (depth > limits.depth) return this.#fail(`it is nested more than ${limits.depth} deep`);
    if (this.#take("!")) {
      const rule = this.#condition(depth + 1);
      return rule && { kind: "not", rule };
    }
    if (this.#take("(")) {
      const rule = this.alternatives(depth + 1);
      if (rule === undefined) return undefined;
      return this.#take(")") ? rule : this.#fail(`a parenthesis is not closed at ${this.shown}`);
    }
    return this.#matcher();
  }

  #matcher(): Rule | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word") return this.#fail(`a matcher such as Host(\`a.example\`) is expected at ${this.shown}`);
    const name = nameOf.get(token.text.toLowerCase());
    if (name === undefined) return this.#fail(`there is no matcher ${JSON.stringify(token.text)}`);
    this.#at++;
    if (!this.#take("(")) return this.#fail(`${name} has no arguments`);
    const args: string[] = [];
    do {
      const argument = this.#tokens[this.#at];
      if (argument?.kind !== "text") return this.#fail(`${name} has an argument without quotation marks`);
      args.push(argument.text);
      this.#at++;
    } while (this.#take(","));
    if (!this.#take(")")) return this.#fail(`a parenthesis is not closed at ${this.shown}`);
    return { kind: "matcher", matcher: { name, args } };
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #fail(error: string): undefined {
    this.error ??= error;
    return undefined;
  }
}
