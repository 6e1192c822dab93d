import type { ManifestFacts, Method, MethodSection, Problem } from './method.js'

/** What steps as there is time for do not go with (`training.pace`), and why. */
export function paceProblems(
  { name, road, local }: Method,
  merge: MethodSection,
  { training, mode, isPrivate }: Pick<ManifestFacts, 'training' | 'mode' | 'isPrivate'>,
): Problem[] {
  if (training.pace === undefined) return []
  const refuse = (why: string, remedy = 'use training.steps'): Problem => ({
    path: ['training', 'pace'],
    message: `does not go with ${why}; ${remedy}`,
  })
  return [
    ...(mode === 'async' ? [refuse('mode: async, where nobody waits for a neighbour', 'use sync')] : []),
    ...(isPrivate ? [refuse('privacy, whose budget is reckoned for a number of steps that is known')] : []),
    ...(road === 'neighbours' ? [] : [refuse(`merge: ${name}, whose peers have no neighbours`)]),
    ...(local(merge).oneStep ? [refuse(`merge: ${name}, which takes one step in a round`, 'remove it')] : []),
  ]
}
