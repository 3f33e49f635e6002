/** A request that the admin endpoint cannot answer; becomes the JSON error of that status. */
export class AdminError extends Error {
  readonly status: number;
  readonly fix: string;

  constructor(status: number, message: string, fix: string) {
    super(message);
    this.name = "AdminError";
    this.status = status;
    this.fix = fix;
  }
}

/** Query parameters, of which an endpoint knows only some. */
export class Parameters {
  readonly #values: URLSearchParams;

  /** Throws {@link AdminError} for a parameter that is not in `names`, or one but `header` that comes twice. */
  constructor(values: URLSearchParams, names: readonly string[]) {
    this.#values = values;
    for (const name of new Set(values.keys())) {
      if (!names.includes(name)) {
        const fix = names.length === 0 ? "Remove it." : `Use ${names.join(", ")}.`;
        throw new AdminError(400, `Unknown parameter "${name.slice(0, 64)}".`, fix);
      }
      if (name !== "header" && values.getAll(name).length > 1) {
        throw new AdminError(400, `The parameter "${name}" is given more than once.`, "Give it once.");
      }
    }
  }

  /** `undefined` when it is absent or empty. */
  text(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  all(name: string): readonly string[] {
    return this.#values.getAll(name);
  }

  /** Throws {@link AdminError} when the value is not among the choices. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined)
      throw new AdminError(400, `"${name}" has an unknown value.`, `Use ${choices.join(" or ")}.`);
    return choice;
  }
}
