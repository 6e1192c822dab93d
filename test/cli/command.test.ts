import { readFile } from 'node:fs/promises'
import { join as pathOf } from 'node:path'
import { Command as Commander } from 'commander'
import { describe, expect, it } from 'vitest'
import { type Command, number, register, type Terminal, wholeNumber } from '../../src/cli/command.js'
import { commands } from '../../src/cli/commands/index.js'
import { simulate } from '../../src/cli/commands/simulate.js'
import { HearsayError } from '../../src/errors.js'
import { attackNames } from '../../src/simulate/index.js'

describe('a flag’s number', () => {
  it('is read as it is written', () => {
    expect(['0', '-1', '0.5', '1e-3', ' 7'].map(number('--x'))).toEqual([0, -1, 0.5, 0.001, 7])
    expect(['1', '9'].map(wholeNumber('--x', 1, 9))).toEqual([1, 9])
  })

  it.each(['', ' ', 'many', '1,5', 'NaN', 'Infinity', '1e999'])('is not %j', text => {
    expect(() => number('--x')(text)).toThrow(
      new HearsayError('USAGE', 'must be a number', { field: '--x', value: text }),
    )
  })

  it.each(['0', '10', '1.5'])('within bounds is not %s', text => {
    expect(() => wholeNumber('--x', 1, 9)(text)).toThrow(`--x ${text}: must be a whole number from 1 to 9`)
  })
})

describe('a command', () => {
  const terminal: Terminal = { stdout: process.stdout, stderr: process.stderr, signal: new AbortController().signal }

  it('gets its arguments and flags as it declared them', async () => {
    const seen: unknown[] = []
    const echo: Command = {
      usage: 'echo <first> [second]',
      summary: 'say it again',
      flags: [
        { flags: '--size <number>', description: '', parse: number('--size') },
        { flags: '--kind <kind>', description: '', choices: ['a', 'b'], default: 'a' },
        { flags: '--also <text>', description: '', repeatable: true },
        { flags: '--no-extras', description: '' },
      ],
      examples: ['hearsay echo one'],
      load: async () => async (args, options) => {
        seen.push(args, options)
        return 0
      },
    }
    const program = new Commander().exitOverride()
    register(program, echo, terminal)
    await program.parseAsync(['echo', 'one', '--size', '3', '--also', 'x', '--also', 'y', '--no-extras'], {
      from: 'user',
    })
    expect(seen).toEqual([['one', undefined], { size: 3, kind: 'a', also: ['x', 'y'], extras: false }])
    expect(program.commands[0]!.helpInformation()).toContain('--no-extras')
  })

  it('simulate names every kind of attack', () => {
    const { description } = simulate.flags.find(({ flags }) => flags.startsWith('--attack '))!
    for (const kind of attackNames) expect(description).toContain(kind)
  })

  it.each(commands)('$usage has examples of its own, and flags that are declared once', command => {
    const [name] = command.usage.split(' ')
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) expect(example.startsWith(`hearsay ${name}`)).toBe(true)
    const names = command.flags.map(({ flags }) => flags.split(' ')[0])
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('help', () => {
  it('loads no more than it shows: what a command does may take a second to load', async () => {
    const loaded = await imports(pathOf(import.meta.dirname, '../../src/cli/commands/index.ts'))
    expect(
      [...loaded].filter(
        path => !/\/src\/(cli\/(commands|flags)\/\w+|cli\/command|errors|foreign|json-schema|nearest)\.ts$/.test(path),
      ),
    ).toEqual([])
    expect(loaded.size).toBeGreaterThan(commands.length)
  })
})

/** Files of ours that a file has loaded before it runs, itself among them. */
async function imports(path: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(path)) return found
  found.add(path)
  const text = await readFile(path, 'utf8')
  for (const [, from] of text.matchAll(/^(?:import|export) (?!type )[^']*'(\.[^']+)'/gm)) {
    await imports(pathOf(path, '..', from!.replace(/js$/, 'ts')), found)
  }
  return found
}
