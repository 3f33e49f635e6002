/** A browser in plain HTTP: cookies by host, path and attributes, and redirects that it follows. */
import { request as requestHttp } from "node:http";

export type Visited = {
  readonly url: URL;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Set-Cookie lines. */
  readonly cookies: readonly string[];
  readonly body: string;
};

export type VisitOptions = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

type Cookie = { readonly value: string; readonly domain: string; readonly expiresMs: number };

export class TestBrowser {
  /** By name, and the host or domain that they are for. */
  readonly jar = new Map<string, Map<string, Cookie>>();
  readonly #ports: Readonly<Record<string, number>>;

  /** `ports`: where a host's requests go, at 127.0.0.1; others go to the port of their URL. */
  constructor(ports: Readonly<Record<string, number>>) {
    this.#ports = ports;
  }

  /** One request and its answer. */
  async visit(url: string | URL, options: VisitOptions = {}): Promise<Visited> {
    const target = new URL(url);
    const cookie = this.cookiesFor(target.hostname);
    const port = this.#ports[target.hostname] ?? Number(target.port);
    const headers = { host: target.host, ...(cookie === "" ? {} : { cookie }), ...options.headers };
    const path = `${target.pathname}${target.search}`;
    return new Promise((resolve, reject) => {
      const sent = requestHttp(
        { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers, agent: false, setHost: false },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("error", reject);
          answer.on("end", () => {
            const cookies = answer.headers["set-cookie"] ?? [];
            for (const line of cookies) this.#keep(target.hostname, line);
            const fields = Object.entries(answer.headersDistinct).map(
              ([name, values]) => [name, (values ?? []).join(", ")] as const,
            );
            const status = answer.statusCode ?? 0;
            const body = Buffer.concat(parts).toString();
            resolve({ url: target, status, headers: new Map(fields), cookies, body });
          });
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  }

  /** Goes to a page, and on to where it leads: at most ten redirects. */
  async open(url: string, options: VisitOptions = {}): Promise<Visited> {
    let page = await this.visit(url, options);
    for (let hops = 0; hops < 10; hops++) {
      const location = page.headers.get("location");
      if (page.status < 300 || page.status > 399 || location === undefined) return page;
      page = await this.visit(new URL(location, page.url));
    }
    throw new Error("too many redirects");
  }

  /** What a request to a host brings. */
  cookiesFor(host: string): string {
    const pairs: string[] = [];
    for (const [owner, cookies] of this.jar)
      for (const [name, { value, domain, expiresMs }] of cookies) {
        const isSent = owner === host || (domain !== "" && host.endsWith(`.${domain}`));
        if (isSent && expiresMs > Date.now()) pairs.push(`${name}=${value}`);
      }
    return pairs.join("; ");
  }

  /** Another browser with the same cookies at that moment. */
  copy(): TestBrowser {
    return new TestBrowser(this.#ports).takeCookies(this);
  }

  /** Has from now on the cookies that another browser has at that moment. */
  takeCookies(other: TestBrowser): this {
    for (const [host, cookies] of other.jar) this.jar.set(host, new Map(cookies));
    return this;
  }

  #keep(host: string, line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const at = (name: string) => attributes.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
    const domain = at("Domain") ?? "";
    if (domain !== "" && host !== domain && !host.endsWith(`.${domain}`)) return;
    const owner = domain === "" ? host : domain;
    const cookies = this.jar.get(owner) ?? new Map<string, Cookie>();
    this.jar.set(owner, cookies);
    const name = pair.slice(0, pair.indexOf("="));
    const lifetime = Number(at("Max-Age") ?? Number.POSITIVE_INFINITY);
    if (lifetime <= 0) cookies.delete(name);
    else cookies.set(name, { value: pair.slice(name.length + 1), domain, expiresMs: Date.now() + lifetime * 1000 });
  }
}
