import type { PeerOptions } from '../node/index.js'
import type { Ledger } from '../privacy/index.js'
import type { FieldFolder } from './field-folder.js'

/**
 * What was charged to a peer's budget of privacy before, and where what will be is kept.
 *
 * @throws {@link HearsayError} RUN where a resumed folder has no ledger, or a damaged one
 */
export async function budgetIn(folder: FieldFolder): Promise<NonNullable<PeerOptions['budget']>> {
  const keep = (ledger: Ledger): Promise<void> => folder.writeLedger(ledger)
  if (!folder.isNew) return { ledger: await folder.readLedger(), keep }
  // From the first process on there is a file, so that one that is missing was removed.
  await keep([])
  return { keep }
}
