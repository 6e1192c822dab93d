import { borneGamma, type EncodingSection, needsMemory } from '../codec/index.js'
import { HearsayError } from '../errors.js'
import type { Topology } from '../topology/index.js'
import { remedyOfUnlike } from './counts-alike.js'
import type { ManifestFacts, Method, Problem } from './method.js'

/** What memory (`encoding.memory`) does not go with, and why. */
export function memoryProblems(
  { road, name, needs }: Method,
  encoding: EncodingSection,
  { mode, isMasked, isOfContribution }: Pick<ManifestFacts, 'mode' | 'isMasked' | 'isOfContribution'>,
): Problem[] {
  const { codec, memory, gamma } = encoding
  const problems: Problem[] = []
  if (needs.updates === true) {
    const why = `does not go with merge: ${name}, which says itself later what a codec loses; remove it`
    return memory === undefined ? [] : [{ path: ['encoding', 'memory'], message: why }]
  }
  if (memory === undefined && needsMemory(encoding)) {
    const why = 'leaves out numbers that nothing sends later: a model that arrives so is none'
    // A remedy that the run would refuse next is none.
    const remembers = road === 'neighbours' && mode === 'sync' && !isMasked && !isOfContribution && needs.alike !== true
    const remedy = `${remembers ? 'add memory: choco, or ' : ''}use qsgd, int8 or bf16`
    problems.push({ path: ['encoding'], message: `${codec} ${why}; ${remedy}` })
  } else if (needs.mean === true && codec !== 'f32' && memory !== 'choco') {
    const why = 'whose sums over all peers drift by what a codec loses'
    const message = `${codec} does not go with merge: ${name}, ${why}; use memory: choco, or f32`
    problems.push({ path: ['encoding'], message })
  }
  if (needs.exact === true && (codec !== 'f32' || memory !== undefined)) {
    const message = `${codec}${memory === undefined ? '' : ' with a memory'} does not go with merge: ${name}, whose messages must come as they are; use f32`
    return [{ path: ['encoding'], message }]
  }
  const refuse = (field: string, message: string): void => {
    problems.push({ path: ['encoding', field], message })
  }
  if (gamma !== undefined && memory !== 'choco') refuse('gamma', 'goes with memory: choco; remove it')
  if (memory === undefined) return problems
  const borne = borneGamma(encoding)
  if (borne === 0) {
    refuse('memory', `does not go with so coarse a ${codec}, which errs by more than what it rounds; use more levels`)
  }
  if (needs.alike === true && (gamma ?? borne) < 1) {
    const why = `which begins every round where all peers are alike, and ${codec} takes them part of the way (γ below 1)`
    const remedy = gamma === undefined ? 'use int8 or bf16' : 'use int8 or bf16, with gamma 1'
    refuse('memory', `does not go with merge: ${name}, ${why}; ${remedy}`)
  }
  if (road !== 'neighbours') {
    refuse('memory', `does not go with merge: ${name}, whose heads everybody takes, in any order and whole; remove it`)
  }
  if (mode === 'async') refuse('memory', 'needs every message in its order, and mode: async takes the newest; use sync')
  if (isMasked)
    refuse('memory', 'does not go with masks, under which no message shows what it adds; remove one of the two')
  return problems
}

/**
 * @throws {@link HearsayError} `MANIFEST` for graphs that change from round to round; and with CHOCO for those on which
 *   peers do not count alike, as the mean that it is to keep drifts there
 */
export function checkRemembered({ memory }: EncodingSection, topology: Topology): void {
  const { period, name, weights } = topology
  const refuse = (why: string): never => {
    throw new HearsayError('MANIFEST', `encoding.memory: ${why}`)
  }
  if (period > 1) {
    refuse(
      `needs neighbours that stay, whose copies are kept, and those of topology ${name} change from round to round; use a graph that stays, as exponential, or remove it`,
    )
  }
  if (memory !== 'choco') return
  const remedy = remedyOfUnlike(topology)
  if (remedy === undefined) return
  refuse(
    `choco keeps the mean of all only where every peer counts alike, and on topology ${name} with weights: ${weights} they do not; use ${remedy}, or memory: feedback`,
  )
}
