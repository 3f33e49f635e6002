import { UsageError } from "../base/usage-error.ts";
import type { Command } from "./command.ts";
import { commandGroups, commandRow } from "./commands.ts";
import { type CommandName, commandNames, type Flag, flags, flagsOf, wordsOf } from "./flags.ts";

/** The shells that have a completion script. */
export const shells = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

/** `sluice completion bash|zsh|fish`. */
export const completion: Command = async ({ args, terminal }) => {
  const [shell = ""] = args;
  const render = Object.hasOwn(shells, shell) ? shells[shell as keyof typeof shells] : undefined;
  if (!render)
    throw new UsageError(`There is no completion for "${shell}". Give one of ${Object.keys(shells).join(", ")}.`);
  terminal.out(render());
  return 0;
};

type CompletedFlag = Pick<Flag<unknown>, "short" | "long" | "argument" | "help"> & {
  readonly choices: readonly string[];
};

function completedFlags(name: CommandName): readonly CompletedFlag[] {
  return flagsOf(name).map((key) => {
    const flag = flags[key];
    return { ...flag, choices: key === "output" ? commandRow(name).formats : (flag.choices ?? []) };
  });
}

/** What follows the command: files, shells, or nothing but flags. */
function takesPaths(name: CommandName): boolean {
  return commandRow(name).args.includes("PATH");
}

type CompletedWord = { readonly word: string; readonly summary: string };

/** What may stand first: commands and groups of commands. */
const firstWords: readonly CompletedWord[] = [
  ...commandNames
    .filter((name) => wordsOf(name).group === undefined)
    .map((name) => ({ word: name, summary: commandRow(name).summary })),
  ...Object.entries(commandGroups).map(([word, { summary }]) => ({ word, summary })),
];

/** The commands of each group. */
const groups = Object.keys(commandGroups).map((group) => ({
  group,
  words: commandNames
    .filter((name) => wordsOf(name).group === group)
    .map((name): CompletedWord => ({ word: wordsOf(name).word, summary: commandRow(name).summary })),
}));

function renderBash(): string {
  const cases = commandNames.map((name) => {
    const known = completedFlags(name);
    const words = [...known.flatMap(({ short, long }) => (short ? [short, long] : [long])), "--help"];
    const values = known
      .filter(({ argument }) => argument !== undefined)
      .map(({ short, long, argument, choices }) => {
        const files = argument === "FILE" ? "yes" : "";
        return `        ${short ? `${short}|` : ""}${long}) words="${choices.join(" ")}" paths="${files}" ;;`;
      });
    const extra = name === "completion" ? ` ${Object.keys(shells).join(" ")}` : "";
    return `    "${name}")
      case "$before" in
${values.join("\n")}
        *) words="${words.join(" ")}${extra}" paths="${takesPaths(name) ? "yes" : ""}" ;;
      esac ;;`;
  });
  return `# bash completion for sluice
_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words="" paths=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${wordsIn(firstWords)} help" -- "$current"))
    return
  fi
  local command="\${COMP_WORDS[1]}"
  case "$command" in
${groups
  .map(
    ({ group, words }) => `    ${group})
      if [ "$COMP_CWORD" -eq 2 ]; then
        COMPREPLY=($(compgen -W "${wordsIn(words)}" -- "$current"))
        return
      fi
      command="${group} \${COMP_WORDS[2]}" ;;`,
  )
  .join("\n")}
  esac
  case "$command" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$paths" ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _sluice sluice
`;
}

const wordsIn = (words: readonly CompletedWord[]): string => words.map(({ word }) => word).join(" ");

function renderZsh(): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''");
  const describe = (text: string) =>
    quote(text.replaceAll("\\", "\\\\").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:"));
  const cases = commandNames.map((name) => {
    const specs = completedFlags(name).flatMap(({ short, long, argument, help, choices }) => {
      const value = argument ? `:${argument.toLowerCase()}:${choices.length > 0 ? `(${choices.join(" ")})` : ""}` : "";
      return [short, long]
        .filter((flag) => flag !== undefined)
        .map((flag) => `'*${flag}[${describe(help)}]${describe(value).replaceAll("\\:", ":")}'`);
    });
    if (takesPaths(name)) specs.push("'*:path:_files'");
    if (name === "completion") specs.push(`':shell:(${Object.keys(shells).join(" ")})'`);
    return `    '${name}') _arguments ${specs.join(" ")} ;;`;
  });
  const described = (words: readonly CompletedWord[]) =>
    words.map(({ word, summary }) => `      '${word}:${describe(summary)}'`).join("\n");
  return `#compdef sluice
_sluice() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${described(firstWords)}
    )
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${groups
  .map(
    ({ group, words }) => `  ${group})
    if (( CURRENT == 2 )); then
      local -a commands=(
${described(words)}
      )
      _describe command commands
      return
    fi
    command="${group} \${words[2]}"
    shift words
    (( CURRENT-- )) ;;`,
  )
  .join("\n")}
  esac
  case "$command" in
${cases.join("\n")}
  esac
}
# Sourced, it registers itself; from a folder of $fpath it is called.
if [ "\${funcstack[1]}" = "_sluice" ]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}

function renderFish(): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const first = firstWords.map(
    ({ word, summary }) => `complete -c sluice -n __fish_use_subcommand -f -a ${word} -d ${quote(summary)}`,
  );
  const inGroups = groups.flatMap(({ group, words }) =>
    words.map(
      ({ word, summary }) =>
        `complete -c sluice -n '__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${wordsIn(words)}' -f -a ${word} -d ${quote(summary)}`,
    ),
  );
  const lines = commandNames.flatMap((name) => [
    ...completedFlags(name).map(({ short, long, argument, help, choices }) =>
      [
        `complete -c sluice -n '${name
          .split(" ")
          .map((word) => `__fish_seen_subcommand_from ${word}`)
          .join("; and ")}'`,
        short ? `-s ${short.slice(1)}` : "",
        `-l ${long.slice(2)}`,
        argument ? "-r" : "",
        choices.length > 0 ? `-f -a ${quote(choices.join(" "))}` : "",
        `-d ${quote(help)}`,
      ]
        .filter(Boolean)
        .join(" "),
    ),
    ...(name === "completion"
      ? [`complete -c sluice -n '__fish_seen_subcommand_from completion' -f -a ${quote(Object.keys(shells).join(" "))}`]
      : []),
  ]);
  return `# fish completion for sluice\n${[...first, ...inGroups, ...lines].join("\n")}\n`;
}
