/** Value of an attribute. Numbers are whole. */
export type SpanAttribute = readonly [key: string, value: string | number];

/** One finished span. Spec: OpenTelemetry trace data model. */
export type Span = {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** `""`: the first span of its trace. */
  readonly parentId: string;
  /** `tracestate` as it came; `""` without one. */
  readonly traceState: string;
  readonly name: string;
  readonly kind: "server" | "client";
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly attributes: readonly SpanAttribute[];
};
