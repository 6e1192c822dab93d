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

/** How a peer in the field standardises its data: by the sum it agrees on with others, where one is needed. */
export interface PeerSight {
  /** Its standardisation may be read only once it is agreed on. */
  readonly data: PeerData
  standardisation(): Standardisation | undefined
  /** This peer's part of the sum; undefined where none is needed. */
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
      // Only a total that contains our rows can be shown to be impossible.
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
