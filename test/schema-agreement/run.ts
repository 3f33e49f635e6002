/**
 * Whether Sluice and the API server agree on what is a valid object. Objects of every Gateway API kind and version, and of
 * Sluice's own kinds, are given to both: those of the golden cases and examples, objects made from the declarations, with an
 * entry in every list however deep, every change of one field that the declarations suggest, and walks of random changes. Prints how many were tried and each disagreement; exits
 * with 1 when there is one that `differences.ts` does not explain. Nothing is created but the definitions of our kinds.
 *
 * Needs a kubeconfig (KUBECONFIG) of a server with the Gateway API's definitions of the experimental channel:
 * `test/conformance/rig.sh once node test/schema-agreement/run.ts [--kind KIND] [--limit OBJECTS] [--seed SEED]`
 */
import { globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseAllDocuments } from "yaml";
import { customResourceDefinition, ownKinds } from "../../src/install/crd.ts";
import { isJsonObject, type JsonObject } from "../../src/resource/json.ts";
import { splitApiVersion } from "../../src/resource/kind-version.ts";
import { type Kind, type KindRow, kindNames, kindOf, kinds } from "../../src/resource/kinds.ts";
import { type FieldTree, fieldTree } from "../../src/resource/schema/field-tree.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import { type ApiServer, openApiServer } from "./api-server.ts";
import { allowed, refusedLists } from "./differences.ts";
import { type Edit, edited, everyEdit, randomEdit } from "./edits.ts";
import { type Grafts, graftLists } from "./grafts.ts";
import { Random } from "./random.ts";
import { ruleSeeds } from "./rule-seeds.ts";
import { least } from "./values.ts";

const { values: flags } = parseArgs({
  options: {
    kind: { type: "string" },
    limit: { type: "string", default: "3000" },
    seed: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false },
  },
});
const concurrency = 16;
const limit = Number(flags.limit);
const root = new URL("../..", import.meta.url).pathname;

/** An object to try, with what was done to it. */
type Trial = { readonly object: JsonObject; readonly place: string; readonly what: string };
type Disagreement = { readonly signature: string; readonly theirs: "accept" | "reject"; readonly detail: string };
type Tally = {
  tried: number;
  accepted: number;
  readonly disagreements: Disagreement[];
  /** Lists in which nothing was changed, because no object with an entry in them is taken. */
  readonly unreached: readonly string[];
};

/** What is common to the kinds that are compared, and stands in no declaration of fields: limits of `metadata`. */
const metadataTree: FieldTree = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 253 },
    labels: { type: "object", additionalProperties: { type: "string", maxLength: 63 } },
    annotations: { type: "object", additionalProperties: { type: "string" } },
  },
};

function treeOf(schema: Parameters<typeof fieldTree>[0]): FieldTree {
  const tree = fieldTree(schema);
  return { ...tree, properties: { metadata: metadataTree, ...tree.properties } };
}

/** Objects of the golden cases, the examples and the manifests for Envoy Gateway, by kind; in the namespace that is there. */
function writtenObjects(): ReadonlyMap<string, readonly JsonObject[]> {
  const files = globSync(
    ["test/golden/**/in.yaml", "test/golden/base.yaml", "test/envoy-gateway/*.yaml", "examples/**/*.yaml"],
    {
      cwd: root,
    },
  ).sort();
  const found = new Map<string, JsonObject[]>();
  for (const document of files.flatMap((file) => parseAllDocuments(readFileSync(root + file, "utf8")))) {
    const object: unknown = document.toJS();
    if (document.errors.length > 0 || !isJsonObject(object) || !isJsonObject(object["metadata"])) continue;
    const { namespace: _, ...metadata } = object["metadata"];
    const { group } = splitApiVersion(String(object["apiVersion"]));
    const kind = kindOf(group, String(object["kind"])) ?? String(object["kind"]);
    found.set(kind, [
      ...(found.get(kind) ?? []),
      { ...object, metadata: { ...metadata, name: metadata["name"] ?? "x" } },
    ]);
  }
  return found;
}

const isTaken = (object: JsonObject): boolean => validateObject(object).resource !== undefined;

/**
 * Objects to try of a version: as written, with an entry in every list and changes of those, along walks, and then the edits
 * of what the walks came to, in any order.
 */
function* trials(seeds: readonly JsonObject[], tree: FieldTree, grafts: Grafts, random: Random): Generator<Trial> {
  // Of some kinds there are hundreds: they may not be all that is tried.
  for (const object of shuffled(seeds, random).slice(0, limit / 4)) yield { object, place: "", what: "as written" };
  for (const graft of grafts.grafts)
    yield { object: graft.object, ...labelled({ ...graft, what: "filled", value: 0 }) };
  yield* sample(
    grafts.grafts.flatMap(({ object, path, list }) => {
      const planted = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], object);
      return [...everyEdit(planted, list, path)].map((edit) => ({ base: object, edit }));
    }),
    limit / 3,
    random,
  );
  const valid = seeds.filter(isTaken);
  const [start] = valid;
  if (start === undefined) return;
  yield* sample(
    valid.filter(isRuleSeed).flatMap((base) => editsOf(base, tree, "spec")),
    limit / 3,
    random,
  );
  // The walk: each step is one change away from an object that we take, and what we take becomes the next start.
  const bases: JsonObject[] = [start];
  for (let walk = 0; walk < 4; walk++) {
    let current = random.pick(valid);
    for (let step = 0; step < limit / 10; step++) {
      const edit = randomEdit(current, tree, random);
      const object = edited(current, edit);
      yield { object, ...labelled(edit) };
      if (JSON.stringify(object).length < 6000 && isTaken(object)) current = object;
    }
    bases.push(current);
  }
  yield* sample(
    bases.flatMap((base) => editsOf(base, tree)),
    Number.POSITIVE_INFINITY,
    random,
  );
}

function isRuleSeed({ metadata }: JsonObject): boolean {
  return String((metadata as JsonObject)["name"]).startsWith("rule-");
}

function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  return list
    .map((value) => ({ value, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

type Change = { readonly base: JsonObject; readonly edit: Edit };

function editsOf(base: JsonObject, tree: FieldTree, below?: string): Change[] {
  const edits = [...everyEdit(base, tree)];
  return edits.filter(({ path }) => below === undefined || path[0] === below).map((edit) => ({ base, edit }));
}

/** At most so many of the changes, in any order. */
function* sample(changes: Change[], most: number, random: Random): Generator<Trial> {
  for (let left = most; changes.length > 0 && left > 0; left--) {
    const index = random.below(changes.length);
    const { base, edit } = changes[index]!;
    changes[index] = changes.at(-1)!;
    changes.pop();
    yield { object: edited(base, edit), ...labelled(edit) };
  }
}

function labelled({ path, what }: Edit): { place: string; what: string } {
  const place = path
    .map((part, index) => (typeof part === "number" ? "[]" : index === 0 ? part : `.${part.slice(0, 80)}`))
    .join("");
  return { place, what };
}

async function compareVersion(api: ApiServer, kind: Kind, version: string): Promise<Tally> {
  const row: KindRow = kinds[kind];
  const tree = treeOf(row.versions[version]!.schema);
  const apiVersion = `${row.group}/${version}`;
  const minimal = { metadata: { name: "x" }, ...(least(fieldTree(row.versions[version]!.schema)) as JsonObject) };
  const seeds = [
    minimal,
    ...(written.get(kind) ?? []),
    ...(ruleSeeds[kind] ?? []).map((spec, index) => ({ metadata: { name: `rule-${index}` }, spec })),
  ].map((object) => ({
    ...object,
    apiVersion,
    kind,
  }));
  const path = `/apis/${apiVersion}/${row.scope === "Cluster" ? "" : "namespaces/default/"}${row.plural}`;
  const random = new Random(Number(flags.seed));
  const grafts = graftLists(
    seeds.filter(isTaken).sort((a, b) => Number(isRuleSeed(b)) - Number(isRuleSeed(a))),
    tree,
    { random, isTaken },
  );
  const tally: Tally = {
    tried: 0,
    accepted: 0,
    disagreements: [],
    unreached: grafts.barren.filter((place) => !refusedLists.has(`${kind} ${place}`)),
  };
  const seen = new Set<string>();
  const queue = trials(seeds, tree, grafts, random);
  const worker = async () => {
    for (const trial of queue) {
      if (tally.tried >= limit) return;
      const text = JSON.stringify(trial.object);
      if (seen.has(text)) continue;
      seen.add(text);
      tally.tried++;
      const theirs = await api.tryCreate(path, trial.object);
      const ours = validateObject(JSON.parse(text));
      if (theirs.accepted) tally.accepted++;
      if (theirs.accepted === (ours.resource !== undefined)) continue;
      const said = theirs.accepted ? ours.findings.map(({ message }) => message).join(" ") : theirs.message;
      tally.disagreements.push({
        signature: `${kind} ${version} ${trial.place} ${trial.what}`,
        theirs: theirs.accepted ? "accept" : "reject",
        detail: `${said.slice(0, 400)}\n      ${text.slice(0, flags.verbose ? 100_000 : 600)}`,
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return tally;
}

function reasonFor({ signature, theirs, detail }: Disagreement): string | undefined {
  return allowed.find(
    (one) => one.theirs === theirs && one.where.test(signature) && (one.message?.test(detail) ?? true),
  )?.why;
}

/** The definitions of our kinds, for real; and what would be those of the others, tried alone. */
async function installOwnKinds(api: ApiServer): Promise<readonly string[]> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  for (const kind of ownKinds) {
    const definition = customResourceDefinition(kind);
    const { name } = definition["metadata"] as { name: string };
    await api.apply(`${path}/${name}`, definition);
    const row = kinds[kind];
    while ((await api.get(`/apis/${row.group}/${row.version}/${row.plural}`)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const refused: string[] = [];
  for (const kind of kindNames.filter((name) => kinds[name].channel !== "core")) {
    const definition = customResourceDefinition(kind);
    // Another group, since the real one is taken and guarded.
    const group = "agreement.sluice.dev";
    const answer = await api.tryCreate(path, {
      ...definition,
      metadata: { name: `${kinds[kind].plural}.${group}` },
      spec: { ...(definition["spec"] as JsonObject), group },
    });
    if (!answer.accepted) refused.push(`${kind}: ${answer.message}`);
  }
  return refused;
}

const written = writtenObjects();
const api = await openApiServer(concurrency);
let unexplained = 0;
let total = 0;
/** Versions of kinds, and definitions, that agree and that do not. */
let [passed, failed] = [0, 0];
try {
  for (const refused of await installOwnKinds(api)) {
    unexplained++;
    failed++;
    console.log(`definition made from the declaration of ${refused}`);
  }
  const startMs = performance.now();
  for (const kind of kindNames) {
    const row: KindRow = kinds[kind];
    // A definition of another gateway's is not ours to judge, and not there.
    if (row.channel === "core" || row.channel === "foreign" || (flags.kind !== undefined && flags.kind !== kind))
      continue;
    for (const [version, { state }] of Object.entries(row.versions)) {
      if (state === "removed") continue;
      const { tried, accepted, disagreements, unreached } = await compareVersion(api, kind, version);
      total += tried;
      const open = disagreements.filter((one) => reasonFor(one) === undefined);
      unexplained += open.length;
      for (const place of unreached) console.log(`${kind} ${version}: nothing is changed inside of ${place}`);
      // With nothing that is accepted, there was nothing to change.
      if (open.length === 0 && accepted > 0 && unreached.length === 0) passed++;
      else failed++;
      const explained = disagreements.length - open.length;
      console.log(
        `${`${kind} ${version}`.padEnd(32)} ${String(tried).padStart(6)} tried, ${String(accepted).padStart(6)} accepted, ${open.length} disagreements${explained === 0 ? "" : ` (and ${explained} that are explained)`}`,
      );
      const shown = new Map(open.map((one) => [`${one.signature} ${one.theirs}`, one]));
      for (const [signature, { detail }] of [...shown].slice(0, flags.verbose ? 10_000 : 25))
        console.log(`    ${signature}s it\n      ${detail}`);
    }
  }
  console.log(
    `${total} objects in ${Math.round((performance.now() - startMs) / 1000)} s, ${unexplained} disagreements`,
  );
  console.log(`${passed} passed, ${failed} failed`);
} finally {
  await api.close();
}
process.exitCode = failed === 0 ? 0 : 1;
