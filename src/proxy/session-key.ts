/** Shortest key that seals what session persistence gives to clients. Bytes. */
export const minSessionKeyBytes = 32;
