/** A network of a process's own: every address that the recorded cases use is local, and some answer to nobody. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentNetwork } from "./served-manifests.ts";

/** The gateway's address. Clients are in 198.19.0.0/16. */
export const gatewayAddress = "198.18.0.1";

/** Starts a program of ours in namespaces of its own, with a channel for messages. */
export function spawnInOwnNetwork(program: string, args: readonly string[]): ChildProcess {
  const root = process.getuid?.() === 0;
  const namespaces = ["--net", "--mount", ...(root ? [] : ["--user", "--map-root-user"])];
  return spawn("unshare", [...namespaces, process.execPath, program, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** The names of hosts, which only processes in the same namespaces see. */
export class OwnNetwork {
  readonly #hosts: string;

  /** Prepares the namespaces that this process was started in. `folder` is for files of its own. */
  constructor(folder: string) {
    this.#hosts = join(folder, "hosts");
    const resolver = join(folder, "resolv.conf");
    this.name({});
    // Names that no file has are asked of nobody, so that looking them up fails at once.
    writeFileSync(resolver, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    for (const line of [
      "ip link set lo up",
      "ip route add local 198.18.0.0/15 dev lo",
      "ip route add local 10.96.0.0/11 dev lo",
      // The other end drops what is not meant for its address.
      "ip link add silent type veth peer name away",
      "ip link set silent arp off",
      "ip link set silent up",
      "ip link set away up",
      "ip address add 192.0.2.1/32 dev silent",
      `ip route add ${silentNetwork}.0.0/16 dev silent`,
      `mount --bind ${this.#hosts} /etc/hosts`,
      `mount --bind ${resolver} /etc/resolv.conf`,
    ]) {
      const [command = "", ...args] = line.split(" ");
      execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
    }
  }

  /** Sets the address of every name; names from earlier are forgotten. */
  name(addresses: Readonly<Record<string, string>>): void {
    const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(this.#hosts, `127.0.0.1 localhost\n${lines.join("")}`);
  }
}
