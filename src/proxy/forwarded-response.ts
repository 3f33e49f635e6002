import type { Endpoint } from "../filter/contract/endpoint.ts";
import type { ResponseHead, ResponseSource } from "../filter/contract/message.ts";
import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { FieldSection } from "../wire/head/field-section.ts";
import { HeaderEdits } from "./header-edits.ts";

/** An answer between being parsed and being sent, as filters see it; one object per connection, reused. */
export class ForwardedResponse implements ResponseHead {
  status = 0;
  source: ResponseSource = "local";
  flag: ResponseFlag = "-";
  endpoint: Endpoint | undefined;
  readonly edits = new HeaderEdits();

  /** An endpoint's answer. */
  beginRelayed(status: number, endpoint: Endpoint, fields: FieldSection): void {
    this.status = status;
    this.source = "backend";
    this.endpoint = endpoint;
    this.edits.begin(fields);
  }

  /** An answer of our own, whose fields are all additions. */
  beginLocal(status: number): void {
    this.status = status;
    this.source = "local";
    this.endpoint = undefined;
    this.edits.begin(undefined);
  }

  header(name: string): string | undefined {
    return this.edits.get(name);
  }

  headerNames(): readonly string[] {
    return this.edits.names();
  }

  headerLines(name: string): readonly string[] {
    return this.edits.lines(name);
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
