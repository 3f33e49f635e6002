import { type FindingName, makeFinding } from "../../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import type { Origin } from "../../resource/origin.ts";

/** Findings about one object of Traefik's. */
export class Reporter {
  readonly findings: Finding[];
  readonly #object: ObjectRef;
  readonly #origin: Origin | undefined;

  constructor(findings: Finding[], object: ObjectRef, origin: Origin | undefined) {
    this.findings = findings;
    this.#object = object;
    this.#origin = origin;
  }

  report(name: FindingName, pointer: string, text: { readonly message: string; readonly fix: string }): void {
    const position = this.#origin?.at(pointer);
    this.findings.push(
      makeFinding(name, { object: this.#object, pointer, ...(position ? { position } : {}), ...text }),
    );
  }
}
