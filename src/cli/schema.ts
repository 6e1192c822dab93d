import { loadDataset, type SiteTask, type Task, taskOf, uniteTasks } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { parseManifest, readManifestFile, taskYaml } from '../node/index.js'
import type { Terminal } from './command.js'
import { tellNotes } from './notes.js'
import { tellReading } from './reading-line.js'
import { manifestFrom, type RunFlags } from './run-flags.js'

/**
 * The schema of data as the section of a manifest on which peers agree: of one site, or of all together.
 *
 * @param sources - data, or files that this function has written at other sites
 */
export async function schemaOf(
  sources: readonly string[],
  flags: RunFlags,
  terminal: Pick<Terminal, 'stderr' | 'signal'>,
): Promise<string> {
  const sites: SiteTask[] = []
  for (const source of sources) sites.push({ source, task: await taskIn(source, flags, terminal) })
  const [first, ...others] = sites
  if (first === undefined) {
    throw new HearsayError(
      'USAGE',
      'name the data, or the schemas of several sites: hearsay data --schema a.yaml b.yaml',
      { field: '--schema' },
    )
  }
  return taskYaml(uniteTasks([first, ...others]))
}

async function taskIn(
  source: string,
  flags: RunFlags,
  { stderr, signal }: Pick<Terminal, 'stderr' | 'signal'>,
): Promise<Task> {
  const isManifest = /\.ya?ml$/i.test(source)
  const written = isManifest ? parseManifest(await readManifestFile(source), source) : undefined
  if (written?.task !== undefined) return written.task
  const { data, seed } = written ?? (await manifestFrom(undefined, { ...flags, data: source }))
  const dataset = await tellReading(stderr, onRead => loadDataset(data, seed, undefined, { signal, onRead }))
  tellNotes(dataset, stderr)
  // Other peers must not learn the ranges of numbers.
  const { ranges: _, inputShape = [], ...task } = taskOf(dataset)
  // Without the inputs' shape, a user who adds a category by hand need not count the inputs.
  return task.columns === undefined || inputShape.length > 1 ? { inputShape, ...task } : task
}
