import * as z from 'zod'
import { HearsayError, whose } from '../../errors.js'
import { fillFrom, headOf, layoutOf } from '../../tensors/index.js'
import { validate } from '../../validation.js'
import { probeOf } from '../averaging/believing.js'
import { bytesOfKept, keptBytes } from '../kept.js'
import type { LogRoad, Snapshot } from '../roads.js'
import type { MethodEvent, Session, SessionContext, Turn } from '../session.js'
import { directionsOf } from './directions.js'
import { measureSlopes } from './jobs.js'
import { createLogModel } from './log-model.js'

/** The numbers of the method's section. */
export interface LogSettings {
  readonly samples: number
  readonly epsilon: number
  readonly limit: number
  /** Rounds from one snapshot to the next. */
  readonly snapshot: number
}

const numbersSchema = z.strictObject({ snapshot: z.tuple([z.int().min(0)]) })

/** A peer that measures slopes of its loss, publishes them, and takes the steps that all take. */
export function createLogSession(settings: LogSettings, context: SessionContext, road: LogRoad): Session {
  const { name, pool, model, data, learner, parameters, localPlan, test, seed, peerId, number, rounds } = context
  const { samples, epsilon, snapshot: every } = settings
  const head = headOf(parameters, context.head)
  const learningRate = (round: number): number => localPlan(round).learningRate
  const replayed = createLogModel({ road, seed, limit: settings.limit, learningRate })
  const probe = probeOf(data.samples)
  let slopes: Float32Array = new Float32Array(samples)
  road.beginWith({ round: 0, head: head.slice() })

  async function train(round: number, signal: AbortSignal): ReturnType<Session['train']> {
    await replayed.bring(head, round, signal)
    const { batch } = localPlan(round)
    const ask = {
      ...{ model: model.place, parameters, part: context.head, key: directionsOf(seed, peerId, round) },
      ...{ samples, epsilon, batch, seed, peer: number, round },
    }
    const answer = await whose(name, pool.submit(measureSlopes, ask, [data], { signal }))
    const hasRecords = data.samples.size > 0
    if (hasRecords && !Number.isFinite(answer.loss)) {
      throw new HearsayError('DIVERGED', `${name}: the loss is no number any more; use a smaller learning rate`, {
        field: 'training.learningRate',
      })
    }
    slopes = answer.slopes
    const taken = hasRecords ? samples : 0
    pool.count({ steps: taken, stepsInLoop: 0 })
    return { loss: answer.loss, samples: taken * Math.min(batch, data.samples.size), seconds: answer.seconds }
  }

  async function* exchange({ round, where }: Turn, signal: AbortSignal): AsyncGenerator<MethodEvent, void, undefined> {
    const startedAt = performance.now()
    const heard = await road.publish(round, slopes, head, where, signal)
    yield { type: 'exchanged', step: 0, ...heard, waitSeconds: (performance.now() - startedAt) / 1000 }
    await replayed.bring(head, round + 1, signal)
    if ((round + 1) % every === 0) await replayed.beginWith(round + 1 - every, signal)
    if (round + 1 === rounds) {
      while (!(await road.settle(head, where, signal))) await replayed.bring(head, rounds, signal)
    }
    const gradients = road.measured(round).reduce((sum, { scalars }) => sum + scalars.length, 0)
    yield { type: 'merged', figures: { gradients } }
  }

  return {
    train,
    exchange,
    async evaluate(_, signal, graded) {
      const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal, graded })
      return tested
    },
    loss: async signal => (await learner.evaluate(parameters, probe, { signal })).loss,
    kept() {
      const { round, head } = road.snapshot
      return {
        tensors: [{ name: 'snapshot', shape: [head.length], values: head }, keptBytes('log', road.kept())],
        numbers: { snapshot: [round] },
      }
    },
    restore({ tensors, numbers }, source) {
      const {
        snapshot: [round],
      } = validate(numbersSchema, numbers, source, 'PARAMETERS')
      const [first, ...others] = tensors
      const kept: Snapshot = { round, head: new Float32Array(head.length) }
      const layout = layoutOf([{ name: 'snapshot', shape: [head.length] }])
      fillFrom(first === undefined ? [] : [first], { layout, values: kept.head }, source)
      const log = bytesOfKept('log', others[0])
      if (others.length !== 1 || log === undefined) {
        throw new HearsayError('PARAMETERS', 'has no log of the run', { source })
      }
      road.recall(kept, log)
    },
    refused: () => ({}),
  }
}
