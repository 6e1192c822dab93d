import {
  addMoments,
  agree,
  agreedColumns,
  agreedStandardisation,
  contributionOf,
  type Dataset,
  decodeMoments,
  encodeMoments,
  momentsWidths,
  type Samples,
  type Standardisation,
  seenBy,
} from '../data/index.js'
import type { PeerData } from '../learner/index.js'
import type { Manifest } from './manifest.js'
import type { Summand } from './membership/agreed-sum.js'

/** How a peer of the field sees its data: by what it agrees on with others, once it has, where there is such a thing. */
export interface PeerSight {
  /** Its standardisation may be asked for only then. */
  readonly data: PeerData
  standardisation(): Standardisation | undefined
  /** What is to be added up. */
  readonly summand: Summand | undefined
}

/** @param self - its peer id */
export function createSight(
  { task }: Pick<Manifest, 'task'>,
  self: string,
  dataset: Dataset,
  samples: Samples,
): PeerSight {
  const columns = agreedColumns(dataset)
  let standardisation: Standardisation | undefined
  if (columns.length === 0) standardisation = agreedStandardisation(dataset, samples, agree(addMoments([])))
  const own = contributionOf(dataset, samples)
  const summand: Summand = {
    bytes: encodeMoments(own),
    widths: momentsWidths,
    settle({ members, total }) {
      const totals = decodeMoments(total, columns.length)
      const agreement = agree(totals, task?.ranges)
      const common = agreedStandardisation(dataset, samples, agreement)
      // Only of what holds our rows can we tell that it cannot.
      const sight = seenBy(columns, common, agreement, own, members.includes(self) ? totals : undefined)
      standardisation = sight.standardisation
      return sight.notes
    },
  }
  return {
    data: {
      samples,
      get standardisation() {
        if (standardisation === undefined) throw new Error('The standardisation is not agreed on yet')
        return standardisation
      },
    },
    standardisation: () => standardisation,
    summand: columns.length === 0 ? undefined : summand,
  }
}
