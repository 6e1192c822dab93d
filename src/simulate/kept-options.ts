import type { Dataset } from '../data/index.js'
import { datasetDigest, type KeptOptions, readKeptOptions } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { attackText } from './attacks/attack.js'
import type { Prepared } from './prepared.js'
import type { RunOptions } from './run.js'

/** What determines the run's numbers besides its manifest. */
export function keptOptions(
  { backend, workers, transport, dataset, attacks }: Prepared,
  options: RunOptions & { readonly disconnect?: number },
): KeptOptions {
  const { baselines = true, faults = [], disconnect } = options
  return {
    backend: backend.name,
    workers,
    transport,
    baselines,
    faults: [...faults],
    attacks: attacks.map(attackText),
    ...(disconnect !== undefined && { disconnect }),
    data: datasetDigest(dataset),
  }
}

/** Throws where the samples have changed: with others it would be another run. */
export async function checkData(folder: string, dataset: Dataset): Promise<void> {
  const { data } = await readKeptOptions(folder)
  if (data === datasetDigest(dataset)) return
  throw new HearsayError(
    'DATA',
    'holds other samples than when this run was begun; bring those back, or begin anew in another folder',
    { source: dataset.name },
  )
}
