/** Ends an exhaustive `switch`: a union member without a case is a type error at the call, and a thrown bug at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
