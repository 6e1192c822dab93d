import { join } from 'node:path'
import { copyInSlices } from '../turns.js'
import type { Checkpoint } from './checkpoint-file.js'
import { type CheckpointsInit, createCheckpoints } from './checkpoints.js'

/** Beside the checkpoints of what merges have made. */
const beforeMerge = 'before-merge'

export interface RoundCheckpointsInit extends Pick<CheckpointsInit, 'folder' | 'runId' | 'layout'> {
  /** The peer's name. */
  readonly name: string
  /** Told of every checkpoint that is passed over, and why, in one line. Must not throw. */
  readonly tell: (line: string) => void
}

/**
 * What a peer keeps of its last two rounds: the model as each round has left it, and apart from it the one before its
 * merge. What others have sent is then never the only thing on the disk: a merge may turn out bad only later.
 */
export interface RoundCheckpoints {
  /**
   * Keeps the model as training has left it, before it is merged. Resolves once it is copied; `ended` waits for the disk.
   *
   * @param round - from 0
   * @param loss - of that training
   */
  trained(round: number, parameters: Float32Array, loss: number, signal: AbortSignal): Promise<void>
  /**
   * Keeps the model as it is at the end of a round, after what `trained` has been given. See `Checkpoints.save`.
   *
   * @throws what `Checkpoints.save` throws, for either of the two
   */
  ended(round: number, parameters: Float32Array, signal: AbortSignal): Promise<void>
  /**
   * The last one that is whole, finite and bearable: its loss is at most `lossIncrease` times 1 and the smallest of those
   * looked at. Behind each comes the one before its merge. A model before a merge of which nothing was kept is none to go
   * on with: the round is trained again.
   *
   * @param lossOf - in units of the loss of an answer that knows nothing
   * @throws what `Checkpoints.latest` and `lossOf` throw
   */
  sound(lossOf: (parameters: Float32Array) => Promise<number>, lossIncrease: number): Promise<Sound | undefined>
}

/** What a peer goes on with. */
export interface Sound {
  readonly checkpoint: Checkpoint
  /** Where that is of behind a merge: the one before it, for when training diverges on what the merge has made. */
  readonly before?: { readonly parameters: Float32Array; readonly loss: number }
}

export function createRoundCheckpoints({ name, tell, ...init }: RoundCheckpointsInit): RoundCheckpoints {
  const ended = createCheckpoints({ ...init, onDamaged: tell })
  // As many as of the others: a bad merge shows only when what came after it has been kept.
  const trained = createCheckpoints({ ...init, folder: join(init.folder, beforeMerge), onDamaged: tell })
  let copy: Float32Array | undefined
  let saving: Promise<void> = Promise.resolve()

  interface Candidate {
    readonly checkpoint: Checkpoint
    readonly what: string
    readonly isMerged: boolean
  }

  async function* candidates(): AsyncGenerator<Candidate> {
    for (const round of await ended.rounds()) {
      for await (const checkpoint of ended.all(round)) {
        yield { checkpoint, what: `the model of round ${round}`, isMerged: true }
      }
      for await (const checkpoint of trained.all(round)) {
        yield { checkpoint, what: `the model before the merge of round ${round}`, isMerged: false }
      }
    }
  }

  async function beforeMergeOf(round: number): Promise<Sound['before']> {
    for await (const { parameters, state } of trained.all(round)) {
      return { parameters, loss: typeof state.loss === 'number' ? state.loss : 0 }
    }
    return undefined
  }

  return {
    async trained(round, parameters, loss, signal) {
      await saving
      copy ??= new Float32Array(parameters.length)
      await copyInSlices(copy, parameters)
      const state = Number.isFinite(loss) ? { loss } : {}
      saving = trained.save({ round: round + 1, name, parameters: copy, state }, signal)
      // Looked at only at the end of the round, which may fail first.
      saving.catch(() => {})
    },

    async ended(round, parameters, signal) {
      await saving
      await ended.save({ round: round + 1, name, parameters, state: {} }, signal)
    },

    async sound(lossOf, lossIncrease) {
      const found: (Candidate & { readonly loss: number })[] = []
      for await (const candidate of candidates()) {
        const loss = await lossOf(candidate.checkpoint.parameters)
        found.push({ ...candidate, loss: Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss })
        if (loss <= lossIncrease) break
      }
      const limit = lossIncrease * Math.max(1, Math.min(...found.map(({ loss }) => loss)))
      const place = found.findIndex(({ loss }) => loss <= limit)
      for (const { what, loss } of found.slice(0, Math.max(place, 0))) {
        tell(
          `${init.folder}: ${what} is passed over: its loss on own samples is ${loss.toPrecision(2)} times that of an answer that knows nothing (limits.lossIncrease); ${found[place]!.what} goes on`,
        )
      }
      if (found[place] === undefined) return undefined
      const { checkpoint, isMerged } = found[place]
      const before = isMerged ? await beforeMergeOf(checkpoint.round) : undefined
      return { checkpoint, ...(before && { before }) }
    },
  }
}
