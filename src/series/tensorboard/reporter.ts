import { measureOf } from '../../data/index.js'
import { explainDisk } from '../../disk/index.js'
import type { Reporter } from '../../node/index.js'
import { followRun } from '../../watch/index.js'
import { type Board, createBoard } from './board.js'
import { settingsOf } from './settings.js'

/**
 * Writes a run for TensorBoard while it goes on, a round as soon as it has ended. The run does not wait for it, except
 * at its end.
 *
 * @param folder - for TensorBoard's files: created where there is none; a run that is resumed adds to it
 * @param onLost - called at the end with what prevented it, as a full disk
 */
export function tensorboardReporter(folder: string, onLost: (error: unknown) => void): Reporter {
  const following = followRun()
  let board: Board
  return {
    onBegin({ manifest, rounds }) {
      board = createBoard({
        folder,
        measure: measureOf(manifest.data),
        settings: settingsOf(manifest),
        startedMs: Date.now(),
        roundsBefore: rounds,
      })
    },
    onEvent(event) {
      const round = following.add(event)
      if (round !== undefined) board.add(round, following.members())
    },
    async onEnd() {
      board.addBaselines(following.rest())
      await board.written().catch(error => {
        onLost(explainDisk(error, folder, 'TensorBoard sees the run up to there; the run itself is kept'))
      })
    },
  }
}
