let second = 0;
let line = Buffer.alloc(0);

/** `date: …` with CR LF, for answers that have none; made once a second. RFC 9110 §6.6.1. */
export function dateLine(): Buffer {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    line = Buffer.from(`date: ${new Date(now * 1000).toUTCString()}\r\n`, "latin1");
  }
  return line;
}
