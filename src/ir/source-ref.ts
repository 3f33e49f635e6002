/**
 * Which part of which object a node of the routing model came from. No file or line: those move when a comment is
 * added, and the model must stay equal then. Whoever prints a reference asks the snapshot for its position.
 */
export type SourceRef = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** JSON pointer inside the object, such as `/spec/rules/0`. */
  readonly pointer: string;
};
