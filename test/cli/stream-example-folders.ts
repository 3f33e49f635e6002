/** Examples whose READMEs are checked by `stream-examples.test.ts`: they are not about single HTTP requests. */
export const streamExamples: readonly string[] = ["examples/tcp", "examples/udp", "examples/tls-passthrough"];
