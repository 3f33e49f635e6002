import { Command as CommanderCommand, CommanderError, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "../base/exit-code.ts";
import { reasonOf, UsageError } from "../base/usage-error.ts";
import type { CommandInput, Terminal } from "./command.ts";
import { commandGroups, commandRow, flagHelp } from "./commands.ts";
import {
  type CommandName,
  commandNames,
  type Flag,
  type FlagName,
  type FlagValues,
  flags,
  flagsOf,
  type GroupName,
  initialFlags,
  wordsOf,
} from "./flags.ts";
import { versionLine } from "./version.ts";

const about = `Sluice serves Kubernetes Gateway API manifests.

Start with
  sluice demo                 see it work
  sluice check manifests/     see what is wrong with yours
  sluice run manifests/       serve them`;

/**
 * Reads the command line and runs the command that it names. Never throws: a mistake of the user, and a bug of ours, is
 * one line on standard error and exit code 2.
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = buildProgram(terminal, async (name, input) => {
    const command = await commandRow(name).load();
    exitCode = await command(input);
  });
  try {
    if (argv.length === 0) {
      terminal.out(program.helpInformation());
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`sluice: ${reasonOf(error)}\n`);
    if (!(error instanceof UsageError) && argv.includes("--verbose") && error instanceof Error)
      terminal.err(`${error.stack}\n`);
    return 2;
  }
}

type Dispatch = (name: CommandName, input: CommandInput) => Promise<void>;

function buildProgram(terminal: Terminal, dispatch: Dispatch): CommanderCommand {
  const program = new CommanderCommand("sluice")
    .description(about)
    .usage("COMMAND [PATH...] [FLAGS]")
    .helpCommand("help [COMMAND]", "Show the help of a command.")
    .helpOption("-h, --help", "Show this help.")
    .version(versionLine(), "-V, --version", "Print the versions of Sluice, of the Gateway API and of Node.")
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHasColors: () => terminal.color,
      getErrHasColors: () => terminal.errColor,
      outputError: (text, write) => write(text.replace(/^error: /, "sluice: ")),
    })
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace("[FLAGS]", "")}`.trim(),
    })
    .showHelpAfterError("Try: sluice --help")
    .exitOverride();
  for (const name of commandNames) addCommand(program, { name, terminal, dispatch });
  return program;
}

type Addition = { readonly name: CommandName; readonly terminal: Terminal; readonly dispatch: Dispatch };

function addCommand(program: CommanderCommand, addition: Addition): void {
  const { name, terminal, dispatch } = addition;
  const row = commandRow(name);
  const { group, word } = wordsOf(name);
  const parent = group === undefined ? program : groupCommand(program, group);
  const command = parent
    .command(word)
    .copyInheritedSettings(program)
    .summary(row.summary)
    .description(row.description ? `${row.summary}\n\n${row.description}` : row.summary)
    .usage(`${row.args} [FLAGS]`.trim())
    .helpOption("-h, --help", "Show this help.")
    .addHelpText("after", renderTail(name))
    .showHelpAfterError(`Try: sluice ${name} --help`);
  if (row.args === "SHELL") command.argument("<SHELL>", "bash, zsh or fish");
  if (row.args === "PATH...") command.argument("<PATH...>", 'files and folders; "-" is standard input');
  if (row.args === "OLD NEW")
    command
      .argument("<OLD>", 'files, a folder, or "-" for standard input')
      .argument("<NEW>", "what is to answer in its place");
  if (row.args === "[PATH...]") command.argument("[PATH...]", 'files and folders; "-" is standard input');

  const options = flagsOf(name).map((flag) => ({ flag, option: buildOption(flag, row.formats) }));
  for (const { option } of options) command.addOption(option);
  command.action(async (...received: unknown[]) => {
    const given = command.opts<Record<string, unknown>>();
    const values: Record<string, unknown> = { ...initialFlags() };
    for (const { flag, option } of options) values[flag] = given[option.attributeName()] ?? values[flag];
    const flagValues = values as FlagValues;
    const args = received.flat().filter((value): value is string => typeof value === "string");
    await dispatch(name, { args, flags: flagValues, terminal: applyColor(terminal, flagValues) });
  });
}

/** The command that holds those of a group; made with the first of them. */
function groupCommand(program: CommanderCommand, name: GroupName): CommanderCommand {
  const made = program.commands.find((command) => command.name() === name);
  if (made !== undefined) return made;
  const { summary, description } = commandGroups[name];
  return program
    .command(name)
    .copyInheritedSettings(program)
    .summary(summary)
    .description(`${summary}\n\n${description}`)
    .usage("COMMAND [PATH...] [FLAGS]")
    .helpCommand("help [COMMAND]", "Show the help of a command.")
    .helpOption("-h, --help", "Show this help.")
    .showHelpAfterError(`Try: sluice ${name} --help`);
}

function applyColor(terminal: Terminal, { color }: FlagValues): Terminal {
  return color ? terminal : { ...terminal, color: false, errColor: false };
}

function buildOption(name: FlagName, formats: readonly string[]): Option {
  const flag = flags[name] as Flag<unknown>;
  const argument = flag.argument ? ` <${flag.argument}>` : "";
  const option = new Option(`${flag.short ? `${flag.short}, ` : ""}${flag.long}${argument}`, renderHelp(name, formats));
  const { parse } = flag;
  if (parse) {
    option.argParser((text: string, previous: unknown) => {
      try {
        const value = parse(text, previous ?? flag.initial);
        if (name === "output" && !formats.includes(text))
          throw new UsageError(`"${text}" is not one of ${formats.join(", ")}.`);
        return value;
      } catch (error) {
        throw new InvalidArgumentError(reasonOf(error));
      }
    });
  }
  return option;
}

function renderHelp(name: FlagName, formats: readonly string[]): string {
  const { shownDefault, repeatable } = flags[name];
  const notes = [repeatable ? "may be repeated" : "", shownDefault ? `default ${shownDefault}` : ""].filter(Boolean);
  return notes.length > 0 ? `${flagHelp(name, formats)} (${notes.join("; ")})` : flagHelp(name, formats);
}

function renderTail(name: CommandName): string {
  const row = commandRow(name);
  const examples = row.examples.map(({ line, does }) => `  ${line}\n      ${does}`);
  return `\nExamples:\n${examples.join("\n")}\n\nExit codes:\n${row.exitCodes.map((code) => `  ${code}`).join("\n")}\n`;
}
