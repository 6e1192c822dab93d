import * as z from 'zod'
import { chebyshevLambda } from '../../merge/index.js'
import { isPlain } from '../exchange.js'
import type { Method } from '../method.js'
import { averagingMethod } from './method.js'
import { type Axis, type Point, type PresetName, presetNames, presetOf } from './presets.js'

/** More exchanges than this a round would take longer than the training between them. */
const gossipStepsLimit = 64

const axes = {
  gossipSteps: z.int().min(1).max(gossipStepsLimit).optional().meta({ says: 'Exchanges a round', example: 2 }),
  acceleration: z.enum(['plain', 'chebyshev']).optional().meta({
    says: 'plain, or chebyshev, which gets further in as many exchanges on a graph that does not change',
    example: 'chebyshev',
  }),
  rho: z.number().min(0).max(10).optional().meta({ says: 'Radius of SAM; 0 is plain SGD', example: 0.01 }),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .meta({ says: 'Of local training, starting at zero every round: from 0 up to below 1', example: 0.5 }),
} satisfies Readonly<Record<Axis, z.ZodType>>

const axisNames = Object.keys(axes) as readonly Axis[]

/** The section `merge` of an averaging method. Once settled, it has every axis of the method. */
export type AveragingSection = { readonly method: PresetName } & { readonly [axis in Axis]?: Point[axis] | undefined }

/**
 * A number that the method has no use for is an error, as it would silently do nothing; one that is the method's own
 * (`rho: 0` with dfedavg) is not.
 */
function sectionOf(name: PresetName): z.ZodType<AveragingSection> {
  const { point, open } = presetOf(name)
  return z.strictObject({ method: z.literal(name), ...axes }).superRefine((section, context) => {
    for (const axis of axisNames) {
      const value = section[axis]
      if (value === undefined || value === point[axis] || open.includes(axis)) continue
      const having = presetNames.filter(other => presetOf(other).open.includes(axis)).join(', ')
      context.addIssue({
        code: 'custom',
        path: [axis],
        message: `${value} does not go with method ${name}; remove it, or use a method that has it: ${having}`,
      })
    }
  })
}

/** The point that a section names: the preset's, and what the section sets otherwise. */
export function pointOf(section: AveragingSection): Point {
  const { point } = presetOf(section.method)
  const { gossipSteps = point.gossipSteps, acceleration = point.acceleration } = section
  const { rho = point.rho, momentum = point.momentum } = section
  return { gossipSteps, acceleration, rho, momentum }
}

function presetMethod(name: PresetName): Method<AveragingSection> {
  const { says, paper, isOneStep = false } = presetOf(name)
  return averagingMethod<AveragingSection>({
    name,
    says,
    ...(paper && { paper }),
    schema: sectionOf(name),
    needs: { sums: true },
    check(section, { training, mode, exchange, believe, reputation, isMasked, remembers }) {
      const { gossipSteps, acceleration } = pointOf(section)
      const { epochs = 1, steps = 1 } = training
      const problems = []
      if (isOneStep && (epochs !== 1 || steps !== 1)) {
        const path = ['training', epochs === 1 ? 'steps' : 'epochs']
        problems.push({
          path,
          message: `does not go with merge: ${name}, which takes one step a round; remove it, or use dfedavg`,
        })
      }
      if (mode === 'async' && gossipSteps > 1) {
        const message = 'async has one exchange a round; use a merge method with one, or mode: sync'
        problems.push({ path: ['mode'], message })
      }
      if (acceleration === 'chebyshev' && gossipSteps === 1) {
        const message = 'chebyshev does nothing in one exchange a round; set gossipSteps to more, or remove it'
        problems.push({ path: ['merge', 'acceleration'], message })
      }
      if (believe !== undefined && gossipSteps === 0) {
        const message = `does nothing with merge: ${name}, which exchanges nothing; remove it`
        problems.push({ path: ['believe'], message })
      }
      if (gossipSteps === 0 && !isPlain(exchange)) {
        const message = `does nothing with merge: ${name}, which exchanges nothing; remove it`
        problems.push({ path: ['exchange'], message })
      }
      if (exchange.when === 'sampled' && gossipSteps > 1) {
        const message = 'sampled has one exchange a round; set merge.gossipSteps to 1, or use dfedsam'
        problems.push({ path: ['exchange', 'when'], message })
      }
      if (isMasked && gossipSteps !== 1) {
        const message =
          gossipSteps === 0
            ? `does nothing with merge: ${name}, which exchanges nothing; remove it`
            : `needs one exchange a round, as every further one gives each peer another sum of the same heads, and in the end the heads; set merge.gossipSteps to 1, or use dfedsam`
        problems.push({ path: ['masks'], message })
      }
      if (remembers && gossipSteps === 0) {
        const message = `does nothing with merge: ${name}, which exchanges nothing; remove it`
        problems.push({ path: ['encoding', 'memory'], message })
      }
      if (remembers && acceleration === 'chebyshev') {
        const message =
          'does not go with merge.acceleration: chebyshev, which magnifies what a codec has lost; use plain'
        problems.push({ path: ['encoding', 'memory'], message })
      }
      if (reputation !== undefined && gossipSteps === 0) {
        const message = `does nothing with merge: ${name}, which exchanges nothing; remove it`
        problems.push({ path: ['reputation'], message })
      }
      if (believe !== undefined && acceleration === 'chebyshev') {
        const message =
          'does not go with merge.acceleration: chebyshev, which extrapolates by weights that a rule changes; use plain'
        problems.push({ path: ['believe'], message })
      }
      return problems
    },
    settle(section) {
      const { gossipSteps, acceleration, ...local } = pointOf(section)
      return { method: name, ...(gossipSteps > 0 && { gossipSteps, acceleration }), ...local }
    },
    local(section) {
      const { rho, momentum } = pointOf(section)
      return { rho, momentum, oneStep: isOneStep }
    },
    checkTopology(section, topologyOf) {
      if (pointOf(section).acceleration === 'chebyshev') chebyshevLambda(topologyOf())
    },
    plan(section) {
      const { gossipSteps: steps, acceleration } = pointOf(section)
      return { steps, chebyshev: acceleration === 'chebyshev' }
    },
  })
}

/** Training and weighted averages with the neighbours: the points that have names, and every other. */
export const presetMethods = presetNames.map(presetMethod)
