import { reserveVector } from '../tensors/index.js'
import { abortable, type JobQueue } from './jobs.js'
import { type Answers, type DataReference, errorOf, type ModelFacts, type TrainOutcome } from './messages.js'
import { checkSamples, checkShared, type References } from './references.js'
import { TrainingStack, type TrainParts } from './stacks.js'
import type { Learner, ModelChoice, PeerData, PoolModel, TrainReport } from './types.js'

/** What all models of a pool share. */
export interface Shared {
  readonly queue: JobQueue
  readonly references: References
  readonly workers: number
  /** Told of every training that is done. */
  readonly count: (report: TrainReport) => void
}

/**
 * One model of a pool, as the network thread sees it.
 *
 * @param place - among the models that the workers were started with
 */
export function poolModel(
  { model, inputShape }: ModelChoice,
  place: number,
  { layout, headLayer, initial, stackLimit, cut, publicBecause, shapes }: ModelFacts,
  { queue, references, workers, count }: Shared,
): PoolModel {
  const checkLength = (parameters: Float32Array): void => {
    if (parameters.length === layout.size) return
    throw new RangeError(`${parameters.length} parameters for a model of ${layout.size}`)
  }
  const referenceTo = ({ samples, standardisation }: PeerData): DataReference => {
    checkSamples(samples, inputShape)
    return references(samples, standardisation)
  }
  const evaluate: PoolModel['evaluate'] = async (parameters, samples, standardisation, options) => {
    checkLength(parameters)
    const data = referenceTo({ samples, standardisation })
    const graded = options?.graded ?? false
    const ask = (state: Int32Array): Promise<Answers['evaluate']> =>
      queue.submit<'evaluate'>({ type: 'evaluate', model: place, graded, state, data, parameters }, [data.key])
    return (await abortable(options?.signal, ask))!
  }
  const predict: PoolModel['predict'] = async (parameters, samples, standardisation, options) => {
    checkLength(parameters)
    checkShared(parameters, 'parameters')
    const data = referenceTo({ samples, standardisation })
    const ask = (state: Int32Array): Promise<Answers['predict']> =>
      queue.submit<'predict'>({ type: 'predict', model: place, state, data, parameters }, [data.key])
    return (await abortable(options?.signal, ask))!
  }
  const train: TrainParts = (parts, round) =>
    queue.submit<'train'>(
      { type: 'train', model: place, parts, round },
      parts.map(({ data }) => data.key),
    )
  const learnerIn =
    (stack: TrainingStack) =>
    (own: PeerData, peer: number): Learner => ({
      async train(parameters, round, plan, options) {
        checkLength(parameters)
        checkShared(parameters, 'parameters')
        // In the field the standardisation is agreed on only after the learner was made.
        const job = { data: referenceTo(own), parameters, peer, plan, ...(options?.part && { part: options.part }) }
        const train = (state: Int32Array): Promise<TrainOutcome> => stack.train({ ...job, state }, round)
        const outcome = await abortable(options?.signal, train, () => stack.leave(peer))
        if ('error' in outcome!) throw errorOf(outcome.error)
        count(outcome!.report)
        return outcome!.report
      },
      async observe(parameters, round, { signal, batch, part }) {
        checkLength(parameters)
        checkShared(parameters, 'parameters')
        const asked = {
          type: 'observe',
          model: place,
          data: referenceTo(own),
          parameters,
          peer,
          round,
          batch,
          part,
        } as const
        await abortable(signal, state => queue.submit<'observe'>({ ...asked, state }, [asked.data.key]))
      },
      evaluate: (parameters, other, options) => evaluate(parameters, other, own.standardisation, options),
      leave: () => stack.leave(peer),
    })

  return {
    model,
    inputShape,
    place,
    layout,
    headLayer,
    cut() {
      if ('message' in cut) throw errorOf(cut)
      return cut
    },
    checkPrivacy() {
      if (publicBecause !== undefined) throw errorOf(publicBecause)
    },
    initialParameters() {
      // Where a merge writes into them fastest. A worker writes nothing there but in a job that is being waited for.
      const parameters = reserveVector(layout.size)
      parameters.set(initial)
      return parameters
    },
    learner: (data, peer) => learnerIn(new TrainingStack([], train))(data, peer),
    learners(peers, numbers = peers.map((_, i) => i)) {
      // Two stacks a worker: while one is trained, the other's peers exchange what they have learnt.
      const size = Math.max(1, Math.min(stackLimit, Math.floor(peers.length / (2 * workers))))
      const stacks = Array.from({ length: Math.ceil(peers.length / size) }, (_, i) => {
        return new TrainingStack(numbers.slice(i * size, (i + 1) * size), train)
      })
      return peers.map((data, i) => learnerIn(stacks[Math.floor(i / size)]!)(data, numbers[i]!))
    },
    evaluate,
    predict,
    shapes,
  }
}
