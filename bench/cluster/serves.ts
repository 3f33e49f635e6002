import type { Scene } from "../../test/cluster/feature.ts";
import { gatewayName, hostOf } from "./bench-objects.ts";
import { type Answer, Connection, poll } from "./load.ts";

const everyMs = 10;
/** Until the first pod of a data plane is ready, on a machine that is busy. */
const openMs = 120_000;

type WhenAnswers = {
  readonly address: string;
  readonly host: string;
  readonly passes: (answer: Answer) => boolean;
  readonly timeoutMs: number;
};

/** Asks on a new connection each time until the answer passes; `undefined` after the timeout. */
function whenAnswers({ address, host, passes, timeoutMs }: WhenAnswers): Promise<number | undefined> {
  return poll({
    ...{ everyMs, timeoutMs },
    look: async () => {
      await using connection = new Connection(address);
      // Awaited here: the connection ends with this function.
      return await connection.ask({ host }).then(passes, () => false);
    },
  });
}

/** When a benchmark's route answers 200. */
export function whenServed(address: string, index: number, timeoutMs: number): Promise<number | undefined> {
  return whenAnswers({ address, host: hostOf(index), passes: ({ status }) => status === 200, timeoutMs });
}

/** The address of the benchmark's Gateway, once something answers there: Services notice ready pods a little later. */
export async function openAddress(scene: Scene): Promise<string> {
  const address = await scene.address(gatewayName);
  const opened = await whenAnswers({ address, host: "nobody.example.test", passes: () => true, timeoutMs: openMs });
  if (opened === undefined) throw new Error(`nothing answers at ${address} after ${openMs / 1000} s`);
  return address;
}
