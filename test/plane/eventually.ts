/** Resolves once the condition holds; everything that can make it so runs in this process. Hangs (and so fails) otherwise. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((later) => setImmediate(later));
}
