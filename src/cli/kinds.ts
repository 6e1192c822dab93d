import { HearsayError } from '../errors.js'
import { number } from './command.js'

/** The one number that may follow a kind after a colon: "dirichlet:0.1". */
const numberOfKind: Readonly<Record<string, string>> = {
  dirichlet: 'alpha',
  quantity: 'alpha',
  pathological: 'classes',
  'random-regular': 'degree',
  'erdos-renyi': 'probability',
  'watts-strogatz': 'neighbours',
  'base-k': 'degree',
  epidemic: 'degree',
  equitopo: 'offsets',
  grid: 'rows',
  torus: 'rows',
  topk: 'keep',
  topk2bit: 'keep',
  randk: 'keep',
  qsgd: 'levels',
}

/**
 * "dirichlet:0.1" as a section of the manifest.
 *
 * @param main - the section's field for its kind
 */
export function kindOf(text: string, main = 'kind'): Record<string, unknown> {
  const [kind, value, ...rest] = text.split(':')
  if (value === undefined) return { [main]: kind }
  const field = numberOfKind[kind!]
  if (field === undefined || rest.length > 0) {
    const having = Object.keys(numberOfKind).join(', ')
    throw new HearsayError('USAGE', `"${text}": a number after the colon goes with ${having}`)
  }
  return { [main]: kind, [field]: number(`"${text}"`)(value) }
}

/**
 * The topology that a flag names: a kind, or a file, which may state how many peers there are.
 *
 * @throws {@link HearsayError} of a file that is not as it should be; what a kind's section holds is not checked
 */
export async function topologyOf(text: string): Promise<{ spec: unknown; peers?: number }> {
  if (!/\.ya?ml$/i.test(text)) return { spec: kindOf(text) }
  const { readTopologyFile } = await import('../topology/file.js')
  return readTopologyFile(text)
}
