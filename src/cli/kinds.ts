import { HearsayError } from '../errors.js'
import { number } from './command.js'

/** Sections that a flag may name by a kind, with the one number that may follow it after a colon: "dirichlet:0.1". */
const sections = {
  partition: { main: 'kind', numbers: { dirichlet: 'alpha', quantity: 'alpha', pathological: 'classes' } },
  topology: {
    main: 'kind',
    numbers: {
      grid: 'rows',
      torus: 'rows',
      'random-regular': 'degree',
      'erdos-renyi': 'probability',
      'watts-strogatz': 'neighbours',
      'base-k': 'degree',
      epidemic: 'degree',
      equitopo: 'offsets',
      'one-peer-equitopo': 'theta',
    },
  },
  exchange: { main: 'when', numbers: { every: 'rounds', window: 'from', adaptive: 'moved', sampled: 'participants' } },
  encoding: { main: 'codec', numbers: { topk: 'keep', topk2bit: 'keep', randk: 'keep', qsgd: 'levels' } },
} as const

/** "dirichlet:0.1" as a section of the manifest. */
export function kindOf(text: string, section: keyof typeof sections): Record<string, unknown> {
  const { main, numbers } = sections[section]
  const [kind, value, ...rest] = text.split(':')
  if (value === undefined) return { [main]: kind }
  const field = new Map(Object.entries(numbers)).get(kind!)
  if (field === undefined || rest.length > 0) {
    const having = Object.keys(numbers).join(', ')
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
  if (!/\.ya?ml$/i.test(text)) return { spec: kindOf(text, 'topology') }
  const { readTopologyFile } = await import('../topology/file.js')
  return readTopologyFile(text)
}
