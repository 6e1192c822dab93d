import type { PeerOptions } from '../node/index.js'
import type { FieldFolder } from './field-folder.js'

/**
 * What was charged to a peer's budget of privacy before, and where what will be is kept.
 *
 * @throws {@link HearsayError} RUN where the folder's ledger was removed, or is damaged
 */
export async function budgetIn(folder: FieldFolder): Promise<NonNullable<PeerOptions['budget']>> {
  return { ledger: await folder.readLedger(), keep: ledger => folder.writeLedger(ledger) }
}
