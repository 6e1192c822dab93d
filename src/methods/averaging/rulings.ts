import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import { createRuling, type RuleSection, type Ruling, ruleOf } from '../../merge/index.js'
import { type BundleShape, fillFrom, layoutOf, reserveVector } from '../../tensors/index.js'
import { validate } from '../../validation.js'
import type { Kept } from '../kept.js'
import type { Problem } from '../method.js'

/** A run's rule at work on everything that peers hand over: on each vector by itself, as `head` says nothing of others. */
export interface Rulings {
  of(vector: string): Ruling
  /** What the rule keeps of each vector. */
  kept(): Pick<Kept, 'tensors' | 'numbers'>
  /**
   * Goes on from what was kept.
   *
   * @returns what is left of it, which is the method's
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit: nothing is restored then
   */
  restore(kept: Kept, source: string): Kept
  /** Discards what was learnt from the others: training diverged on it. */
  forget(): void
}

const boundsSchema = z.array(z.number().min(0)).default([])

/**
 * @param says - what peers hand over
 * @throws {@link HearsayError} `MANIFEST` for a rule that can judge heads alone, where other vectors go along
 */
export function createRulings(section: RuleSection, { parts }: BundleShape): Rulings {
  const [other] = Object.keys(parts).filter(vector => vector !== 'head')
  if (ruleOf(section).judges === 'heads' && other !== undefined) {
    throw new HearsayError('MANIFEST', `believe: ${onlyHeads(section, other)}`)
  }
  const rulings = new Map(Object.keys(parts).map(vector => [vector, createRuling(section)]))
  return {
    of: vector => rulings.get(vector)!,
    kept() {
      const all = [...rulings].map(([vector, ruling]) => ({ vector, bounds: ruling.bounds(), centre: ruling.centre() }))
      return {
        tensors: all.flatMap(({ vector, centre }) =>
          centre === undefined ? [] : [{ name: centreOf(vector), shape: [centre.length], values: centre }],
        ),
        numbers: Object.fromEntries(
          all.filter(({ bounds }) => bounds.length > 0).map(({ vector, bounds }) => [boundsOf(vector), bounds]),
        ),
      }
    },
    restore({ tensors, numbers, ...rest }, source) {
      const left = { ...numbers }
      const states = [...rulings].map(([vector, ruling]) => {
        const bounds = validate(boundsSchema, left[boundsOf(vector)], `${source}: ${boundsOf(vector)}`, 'PARAMETERS')
        delete left[boundsOf(vector)]
        const kept = tensors.filter(({ name }) => name === centreOf(vector))
        const { start, end } = parts[vector]!
        const centre = kept.length === 0 ? undefined : reserveVector(end - start)
        if (centre !== undefined) {
          const layout = layoutOf([{ name: centreOf(vector), shape: [centre.length] }])
          fillFrom(kept, { layout, values: centre }, source)
        }
        return { ruling, bounds, centre }
      })
      for (const { ruling, bounds, centre } of states) ruling.restore(bounds, centre)
      const centres = new Set([...rulings.keys()].map(centreOf))
      return { ...rest, tensors: tensors.filter(({ name }) => !centres.has(name)), numbers: left }
    },
    forget() {
      for (const ruling of rulings.values()) ruling.forget()
    },
  }
}

/** What is wrong with a rule that can judge heads alone. */
function onlyHeads({ rule }: RuleSection, vector: string): string {
  return `${rule} judges models by their loss, and what the method hands over beside them has none (${vector}); use another rule`
}

/** The problem of a method that hands over this vector beside the head, with a rule that can judge heads alone. */
export function unjudged(believe: RuleSection | undefined, vector: string): Problem[] {
  if (believe === undefined || ruleOf(believe).judges !== 'heads') return []
  return [{ path: ['believe'], message: onlyHeads(believe, vector) }]
}

const boundsOf = (vector: string): string => `bounds:${vector}`
const centreOf = (vector: string): string => `centre:${vector}`
