import type { Becoming } from "./becoming.ts";

/** An annotation of a controller. */
export type ControllerAnnotation = {
  /** Without the prefix. `*` stands for any characters, as in `actions.*`. */
  readonly name: string;
  readonly becomes: Becoming;
};

/** A controller of Ingresses that people move away from. */
export type IngressController = {
  readonly title: string;
  /** `spec.controller` of its IngressClasses. */
  readonly controllers: readonly string[];
  /** Names that its IngressClass usually has, for files without the class itself. */
  readonly classNames: readonly string[];
  /** Prefixes of its annotations, with the final slash. The first is the one of today. */
  readonly prefixes: readonly string[];
  readonly annotations: readonly ControllerAnnotation[];
};
