let second = 0;
let text = "";
let line = Buffer.alloc(0);

/** `date: …` with CR LF, for answers that have none; made once a second. RFC 9110 §6.6.1. */
export function dateLine(): Buffer {
  refresh();
  return line;
}

/** The value alone, for protocols that have no lines. */
export function dateText(): string {
  refresh();
  return text;
}

function refresh(): void {
  const now = Math.floor(Date.now() / 1000);
  if (now === second) return;
  second = now;
  text = new Date(now * 1000).toUTCString();
  line = Buffer.from(`date: ${text}\r\n`, "latin1");
}
