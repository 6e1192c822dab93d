import { expect } from 'vitest'
import { hearsay } from '../e2e/hearsay.js'

/** A line of CSV output by its columns. */
export function rowsOf(csv: string): Record<string, string>[] {
  const [head, ...lines] = csv
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  return lines.map(cells => Object.fromEntries(cells.map((cell, i) => [head![i]!, cell])))
}

/** A command that must end well. */
export async function ok(args: readonly string[], cwd?: string): Promise<{ stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await hearsay(args, cwd)
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: expect.not.stringContaining('error') })
  return { stdout, stderr }
}

export const backend = ['--backend', 'wasm']
