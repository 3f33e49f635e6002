import type { FieldSection } from "../wire/head/field-section.ts";
import type { ResponseHead } from "./chain.ts";
import { HeaderEdits } from "./header-edits.ts";

/** An answer between being parsed and being sent, as filters see it; one object per connection, reused. */
export class ForwardedResponse implements ResponseHead {
  status = 0;
  readonly edits = new HeaderEdits();

  /** Without fields: an answer of our own, whose fields are all additions. */
  begin(status: number, fields: FieldSection | undefined): void {
    this.status = status;
    this.edits.begin(fields);
  }

  header(name: string): string | undefined {
    return this.edits.get(name);
  }

  setHeader(name: string, value: string): void {
    this.edits.set(name, value);
  }

  addHeader(name: string, value: string): void {
    this.edits.add(name, value);
  }

  removeHeader(name: string): void {
    this.edits.remove(name);
  }
}
