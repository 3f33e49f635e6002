import { secretLine, secretText } from "../../ir/secret-text.ts";
import type { BuildFilter, FilterOfKind, FilterServices } from "../contract/build.ts";
import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import { type Problem, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import { credentialCounters } from "./credential-counters.ts";
import { type PasswordVerdict, passwordThread } from "./password-thread.ts";
import { readCredentials } from "./read-credentials.ts";
import { UserList } from "./user-list.ts";
import { VerifiedPasswords } from "./verified-passwords.ts";

const unusable = problem(500, "FE", "The request could not be processed.");
const busy = problem(503, "CO", "The request could not be processed now.", [["retry-after", "1"]]);

/**
 * Lets in who shows a user and a password of the list. The check of a password waits on another thread; one that was right is
 * remembered for a while, across configurations. Spec: BasicAuth of Envoy Gateway; RFC 7617.
 */
export const buildBasicAuth: BuildFilter<"basicAuth", VerifiedPasswords> = (filter, services, previous) => {
  const verified = previous ?? new VerifiedPasswords(passwordThread, services.clock);
  const gate = new Gate(filter, services, verified);
  return {
    hooks: [
      {
        phase: "request",
        onRequest: (request, exchange) => gate.ask(request, exchange),
        cancel: ({ state }) => {
          if (state instanceof PasswordCall) state.cancel();
        },
      },
    ],
    claimedTrailers: filter.usernameHeader === undefined ? ["authorization"] : ["authorization", filter.usernameHeader],
    carried: verified,
  };
};

class Gate {
  readonly #header: string | undefined;
  readonly #hidesCredentials: boolean;
  readonly #users: UserList | undefined;
  readonly #verified: VerifiedPasswords;
  readonly #denied: Problem;
  readonly #counters: ReturnType<typeof credentialCounters>;

  constructor(filter: FilterOfKind<"basicAuth">, services: FilterServices, verified: VerifiedPasswords) {
    const lines = readUsers(filter, services);
    this.#header = filter.usernameHeader;
    this.#hidesCredentials = filter.hidesCredentials;
    this.#users = lines === undefined ? undefined : new UserList(lines);
    this.#verified = verified;
    this.#denied = problem(401, "CR", "A user and a password are required.", [
      ["www-authenticate", `Basic realm="${filter.realm}"${filter.tellsCharset ? ', charset="UTF-8"' : ""}`],
    ]);
    this.#counters = credentialCounters(services, "basicAuth");
  }

  ask(request: RequestHead, exchange: FilterExchange): Verdict | Waiting {
    if (this.#users === undefined) {
      this.#counters.failed.add(1);
      return unusable;
    }
    const shown = readCredentials(request.header("authorization"));
    const found = shown === undefined ? undefined : this.#users.hashFor(shown.user);
    if (shown === undefined || found === undefined) {
      this.#counters.denied.add(1);
      return this.#denied;
    }
    const question = { ...shown, ...found, asker: exchange.facts.clientAddress };
    const name = this.#verified.nameOf(question);
    // A decoy may be the hash that the user had before, whose password is remembered.
    if (!found.isDecoy && this.#verified.holds(name)) return this.#decide("matches", shown.user, request, exchange);
    const call = new PasswordCall(exchange);
    exchange.state = call;
    this.#verified.ask(name, question, (verdict) => {
      call.answer(() => this.#decide(found.isDecoy ? notTheirs(verdict) : verdict, shown.user, request, exchange));
    });
    return waiting;
  }

  #decide(verdict: PasswordVerdict, user: string, request: RequestHead, exchange: FilterExchange): Verdict {
    switch (verdict) {
      case "matches":
        this.#counters.allowed.add(1);
        exchange.established.principal = user;
        if (this.#hidesCredentials) request.removeHeader("authorization");
        if (this.#header !== undefined) request.setHeader(this.#header, Buffer.from(user).latin1Slice());
        return undefined;
      case "differs":
        this.#counters.denied.add(1);
        return this.#denied;
      case "busy":
      case "failed":
        this.#counters.failed.add(1);
        return busy;
    }
  }
}

/** Lines of htpasswd; `undefined`: there are no users to check anybody against. */
function readUsers({ users, namedUsers }: FilterOfKind<"basicAuth">, services: FilterServices): string | undefined {
  const file = users === undefined ? undefined : secretText(services.secret(users));
  const lines = namedUsers.flatMap(({ user, hash }) => {
    const text = secretLine(services.secret(hash));
    return text === undefined ? [] : [`${user}:${text}`];
  });
  return file === undefined && lines.length === 0 ? undefined : [file ?? "", ...lines].join("\n");
}

/** Nobody comes in with another user's password. */
function notTheirs(verdict: PasswordVerdict): PasswordVerdict {
  return verdict === "matches" ? "differs" : verdict;
}

/** One request that waits. The exchange may be another request's by the time that the thread answers. */
class PasswordCall {
  readonly #exchange: FilterExchange;
  #isWaiting = true;

  constructor(exchange: FilterExchange) {
    this.#exchange = exchange;
  }

  answer(decide: () => Verdict): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#exchange.resume(decide());
  }

  cancel(): void {
    this.#isWaiting = false;
  }
}
