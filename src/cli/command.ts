import { type Command as Commander, Option } from 'commander'
import { HearsayError } from '../errors.js'
import { didYouMean } from '../nearest.js'

/** Status of a command that Ctrl-C ended, as shells report it: 128 + SIGINT. */
export const interruptedStatus = 130

/** A flag of a command. The command determines its value's type: flags are declared once, here and nowhere else. */
export interface Flag {
  /** As commander writes it: "--peers <number>", "--json", "--no-baselines". */
  readonly flags: string
  readonly description: string
  readonly default?: string | number | boolean
  readonly choices?: readonly string[]
  /** Reads the text; throws a {@link HearsayError}. */
  readonly parse?: (text: string) => unknown
  /** May be given several times; the values come as a list. */
  readonly repeatable?: boolean
  /** Heading of the help under which the flag is listed: "Data". @default Options */
  readonly group?: string
}

/** Flags under a heading of their own in a long help. */
export function grouped(group: string, flags: readonly Flag[]): readonly Flag[] {
  return flags.map(flag => ({ group, ...flag }))
}

/** What a command prints to, and the signal that ends it. */
export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal
}

/**
 * What a command does. The process ends with the status that it returns, or 0 if none. An argument that may be given
 * several times is passed as a list.
 */
export type Run<Options, Args = readonly (string | undefined)[]> = (
  args: Args,
  options: Options,
  terminal: Terminal,
) => Promise<number | undefined>

/** One command of `hearsay`, as data: its help, its errors and the README are made from this. */
export interface Command {
  /** Name and arguments: "simulate [manifest]". */
  readonly usage: string
  readonly summary: string
  readonly flags: readonly Flag[]
  /** Complete command lines; a test runs every one of them. */
  readonly examples: readonly string[]
  /** Loads what the command does. Help must not wait a second for libp2p, which it does not need. */
  load(): Promise<Run<never, never>>
}

/** Adds a command to the program. */
export function register(program: Commander, command: Command, terminal: Terminal): void {
  const sub = program.command(command.usage).summary(command.summary).description(command.summary)
  for (const flag of command.flags) sub.addOption(optionOf(flag))
  sub.addHelpText('after', `\nExamples:\n${command.examples.map(example => `  ${example}`).join('\n')}`)
  sub.action(async () => {
    const run = await command.load()
    process.exitCode = (await run(sub.processedArgs as never, sub.opts() as never, terminal)) ?? 0
  })
}

function optionOf({ flags, description, choices, parse, repeatable, group, ...flag }: Flag): Option {
  const option = new Option(flags, description)
  if (group !== undefined) option.helpGroup(`${group}:`)
  if (flag.default !== undefined) option.default(flag.default)
  if (choices !== undefined) option.choices(choices).argParser(oneOf(option.long ?? flags, choices))
  if (parse !== undefined) option.argParser(parse)
  if (repeatable) option.argParser((text, earlier) => [...((earlier as unknown[] | undefined) ?? []), text])
  return option
}

/** Reads one of a few words. */
function oneOf(flag: string, choices: readonly string[]): (text: string) => string {
  return text => {
    if (choices.includes(text)) return text
    throw new HearsayError('USAGE', `must be one of ${choices.join(', ')}${didYouMean(text, choices)}`, {
      field: flag,
      value: text,
    })
  }
}

/** Reads a flag's number; the manifest checks its bounds. */
export function number(flag: string): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) {
      throw new HearsayError('USAGE', 'must be a number', { field: flag, value: text })
    }
    return value
  }
}

/** Reads a whole number within bounds, for flags that no manifest checks. */
export function wholeNumber(flag: string, least: number, most: number): (text: string) => number {
  return text => {
    const value = number(flag)(text)
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new HearsayError('USAGE', `must be a whole number from ${least} to ${most}`, { field: flag, value: text })
    }
    return value
  }
}

/** Reads a share of a whole, for flags that no manifest checks. */
export function share(flag: string): (text: string) => number {
  return text => {
    const value = number(flag)(text)
    if (value < 0 || value > 1)
      throw new HearsayError('USAGE', 'must be a number from 0 to 1', { field: flag, value: text })
    return value
  }
}
