import {
  createMixtureLearner,
  type MixtureSettings,
  type MixtureSpec,
  mixtureModule,
  mixtureProblems,
  mixtureSchema,
  resolveMixture,
  settleMixture,
} from '../../mixture/index.js'
import { bundleShape } from '../../tensors/index.js'
import type { ManifestFacts, Method } from '../method.js'
import { mixtureAnswers } from './answers.js'
import { createMixtureSession } from './session.js'

/** Every peer keeps its model and uses the others' heads as experts. */
export const mixture: Method<MixtureSpec> = {
  name: 'mixture',
  says: 'keep the own model, and use everybody else’s head as an expert',
  paper: {
    title: 'dFLMoE: Decentralized Federated Learning via Mixture of Experts for Medical Data Analysis',
    arxiv: '2503.10412',
  },
  schema: mixtureSchema,
  road: 'everybody',
  needs: { share: 'head', models: 'own' },
  check: (section, facts) =>
    [...mixtureProblems(section, taskOf(facts)), ...unnoised(section, facts)].map(({ field, message }) => ({
      path: ['merge', field],
      message,
    })),
  settle: (section, facts) => settleMixture(section, taskOf(facts), facts.training.augment),
  local: ({ localMomentum }) => ({ rho: 0, momentum: localMomentum, oneStep: false }),
  plan(section, { head, isOfValues }) {
    const settings = resolveMixture(section, taskOf({ isOfValues }))
    return {
      steps: 1,
      says: bundleShape({ head: head.layout }),
      start(context, roads) {
        const { pool, model, data, number, seed, localPlan, rounds } = context
        const learner = createMixtureLearner({ pool, model, data, peer: number, seed, settings, localPlan, rounds })
        return createMixtureSession(settings, learner, context, roads.everybody)
      },
    }
  },
  reports: {
    figures: {
      ownHead: { label: 'own head', unit: 'measure' },
      bestExpert: { label: 'best expert', unit: 'measure' },
    },
    perPeer: { weights: { label: 'listens to', own: 'own head', other: 'expert', of: 'an answer' } },
  },
  answers: mixtureAnswers,
  modules: () => [mixtureModule()],
}

/** The ways in which the gate's training, which has no noise, would move what is handed over. */
function unnoised(
  { schedule, trainHead }: MixtureSpec,
  { isPrivate }: ManifestFacts,
): { readonly field: string; readonly message: string }[] {
  if (!isPrivate) return []
  const message = 'does not go with privacy: the own head, which others get, would be trained without noise; remove it'
  return [
    ...(schedule === 'joint' ? [{ field: 'schedule', message }] : []),
    ...(trainHead ? [{ field: 'trainHead', message }] : []),
  ]
}

function taskOf({ isOfValues }: { readonly isOfValues: boolean }): MixtureSettings['task'] {
  return isOfValues ? 'values' : 'classes'
}
